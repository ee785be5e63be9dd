// Package plugin finds phone numbers in TXT records of the domain name system.
package plugin

import (
	"context"
	"errors"
	"net"
	"regexp"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/directory"
)

func init() { caddy.RegisterModule(new(DNS)) }

// DNS has the number of alice in the TXT record of alice.<suffix>.
type DNS struct {
	guest.DirectoryOptions        // timeout and cache
	Suffix                 string `json:"suffix,omitempty"`
}

func (*DNS) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Directories + ".dns", New: func() caddy.Module { return new(DNS) }}
}

var label = regexp.MustCompile(`^[a-z0-9_-]{1,63}$`) // a name with a dot would be looked up elsewhere

// Lookup tells "no number" from "cannot tell": the first has no error.
func (d *DNS) Lookup(ctx context.Context, p directory.Person) (directory.Numbers, error) {
	if !label.MatchString(p.Name) {
		return nil, nil
	}
	records, err := net.DefaultResolver.LookupTXT(ctx, p.Name+"."+d.Suffix+".")
	var fault *net.DNSError
	switch {
	case errors.As(err, &fault) && fault.IsNotFound:
		return nil, nil
	case err != nil: // its text holds the user's name, which must not get into the log
		return nil, &directory.Error{Class: directory.Down, Err: errors.New("the name server does not answer")}
	}
	return records, nil
}

// UnmarshalCaddyfile reads: directory dns <suffix> { timeout <duration> … }
func (d *DNS) UnmarshalCaddyfile(c *caddyfile.Dispenser) error {
	c.Next() // consume directory name
	if !c.NextArg() {
		return c.Err("directory dns: expected a domain, like phones.example.com")
	}
	d.Suffix = c.Val()
	return guest.InnerBlock(c, func(option string) error {
		if known, err := d.ReadOption(c); known {
			return err
		}
		return c.Errf("directory dns: there is no option %q", option)
	})
}
