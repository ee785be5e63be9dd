package directories

import (
	"context"
	"errors"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/directory"
)

func init() { caddy.RegisterModule(new(Placeholder)) }

// Placeholder takes the phone number from a placeholder that the first factor sets. It is what the option `phone` is
// short for.
type Placeholder struct {
	// A text with placeholders. Where any of them is empty there is no number. Required.
	Placeholder string `json:"placeholder,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (*Placeholder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Directories + ".placeholder", New: func() caddy.Module { return new(Placeholder) }}
}

// Provision judges the placeholder.
func (p *Placeholder) Provision(caddy.Context) error {
	switch {
	case !strings.Contains(p.Placeholder, "{"):
		return errors.New("placeholder: expected one that the first factor sets, like {http.auth.user.phone}")
	case strings.Contains(p.Placeholder, "{http.auth.candidate."):
		return errors.New("placeholder: {http.auth.candidate.*} names whoever was refused")
	}
	return nil
}

// Lookup reads the placeholder of the request. The value is a number, or a JSON list of numbers.
func (p *Placeholder) Lookup(ctx context.Context, _ directory.Person) (directory.Numbers, error) {
	repl, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok { // an operator asks, and not a visitor: there is no request
		return nil, nil
	}
	value, err := repl.ReplaceOrErr(p.Placeholder, true, true)
	if err != nil { // it is unknown or empty
		return nil, nil //nolint:nilerr // that is no number
	}
	return directory.NumbersInText(value)
}

// Template is the placeholder, by which the gate reads the number at each request of a verified user.
func (p *Placeholder) Template() string { return p.Placeholder }

// Immediate says that the number is in the request.
func (*Placeholder) Immediate() {}

// UnmarshalCaddyfile reads
//
//	directory placeholder <placeholder>
func (p *Placeholder) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directory name
	return guest.Text(d, &p.Placeholder)
}

var (
	_ directory.Immediate = (*Placeholder)(nil)
	_ caddy.Provisioner   = (*Placeholder)(nil)
)
