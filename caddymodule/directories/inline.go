package directories

import (
	"context"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/directory"
)

func init() { caddy.RegisterModule(new(Inline)) }

// Inline holds phone numbers in the configuration itself.
type Inline struct {
	// The numbers by user.
	Users map[string]string `json:"users,omitempty"`

	inline *directory.Inline
}

// CaddyModule returns the Caddy module information.
func (*Inline) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Directories + ".inline", New: func() caddy.Module { return new(Inline) }}
}

// Provision resolves placeholders in the numbers.
func (i *Inline) Provision(caddy.Context) error {
	repl := caddy.NewReplacer()
	users := make(map[string]string, len(i.Users))
	for user, number := range i.Users {
		resolved, err := repl.ReplaceOrErr(number, true, true)
		if err != nil {
			return fmt.Errorf("number of a user: %w", err)
		}
		users[user] = resolved
	}
	var err error
	i.inline, err = directory.NewInline(users)
	return err
}

// Lookup finds a person's numbers.
func (i *Inline) Lookup(ctx context.Context, p directory.Person) (directory.Numbers, error) {
	return i.inline.Lookup(ctx, p)
}

// Immediate says that nobody is asked.
func (*Inline) Immediate() {}

// AtHand finds a user's numbers without asking anybody.
func (i *Inline) AtHand(user string) (string, bool) { return i.inline.AtHand(user) }

// Review judges all numbers.
func (i *Inline) Review(region string, warn func(error)) error { return i.inline.Review(region, warn) }

// UnmarshalCaddyfile reads
//
//	directory inline {
//		<user> <phone>
//	}
func (i *Inline) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	i.Users = make(map[string]string)
	err := guest.Block(d, func(user string) error {
		var number string
		if err := guest.Text(d, &number); err != nil {
			return err
		}
		if err := directory.Misspelt(number); err != nil && !strings.Contains(number, "{") {
			return d.WrapErr(err)
		}
		i.Users[user] = number
		return nil
	})
	if err == nil && len(i.Users) == 0 {
		return d.Err("directory inline: expected lines of a user and a phone number, like: alice +15005550006")
	}
	return err
}

var (
	_ directory.Reviewed  = (*Inline)(nil)
	_ directory.Immediate = (*Inline)(nil)
	_ directory.AtHand    = (*Inline)(nil)
	_ caddy.Provisioner   = (*Inline)(nil)
)
