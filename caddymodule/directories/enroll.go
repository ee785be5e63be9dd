package directories

import (
	"context"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/store"
)

func init() { caddy.RegisterModule(new(Enroll)) }

// Enroll asks the visitor for a number, once, when no other directory has one. The number is the visitor's when a code
// has proved it, and is kept in the register. Enroll stands last.
type Enroll struct {
	// The countries whose numbers may be given (ISO 3166-1), like `AM` and `DE`. Default: all.
	Countries []string `json:"countries,omitempty"`

	// The kinds of numbers that may be given. Default: `mobile` and `fixed_line_or_mobile`.
	Kinds []string `json:"kinds,omitempty"`

	// Lets one number be that of several users. Default: off, one number is one user's.
	SharedNumbers bool `json:"shared_numbers,omitempty"`

	// Lets only those users give a number whom the operator has invited, with `caddy sms-2fa numbers invite`, each with
	// the code of the invitation. Default: off, every user without a number may.
	Invited bool `json:"invited,omitempty"`

	// How many different numbers one user may give. Default: `10 per 24h`.
	AccountLimit []string `json:"account_limit,omitempty"`

	// How many texts may go to numbers that no code has proved, asked for from one address. In IPv6 a network of 64 bits
	// counts as one address. Default: `400 per 1h`.
	AddressLimit []string `json:"address_limit,omitempty"`

	// How many texts may go to numbers of one calling code that no code has proved. Default: `500 per 1h`.
	CountryLimit []string `json:"country_limit,omitempty"`

	// How many texts may go to numbers that no code has proved. Default: `600 per 1h` and
	// `1000 per 24h`.
	TotalLimit []string `json:"total_limit,omitempty"`

	terms directory.Enrolment
	find  func(ctx context.Context, user string) ([]phone.Number, error)
}

// CaddyModule returns the Caddy module information.
func (*Enroll) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Directories + ".enroll", New: func() caddy.Module { return new(Enroll) }}
}

// Provision reads the terms.
func (e *Enroll) Provision(ctx caddy.Context) (err error) {
	if e.terms, err = e.read(); err != nil {
		return err
	}
	if len(e.Countries) == 0 {
		ctx.Logger().Warn("numbers of every country may be given, and a text to some costs a lot; " +
			"name the countries of your users, like: countries AM DE")
	}
	return nil
}

func (e *Enroll) read() (t directory.Enrolment, err error) {
	t.Shared, t.Invited = e.SharedNumbers, e.Invited
	if err := t.AllowCountries(e.Countries); err != nil {
		return t, err
	}
	if err := t.AllowKinds(e.Kinds); err != nil {
		return t, err
	}
	for _, l := range e.limits(&t) {
		if *l.read, err = guest.ParseLimits(l.option, *l.written, l.standard); err != nil {
			return t, err
		}
	}
	return t, nil
}

// enrollLimit is an option that is a list of limits.
type enrollLimit struct {
	option, standard string
	written          *[]string
	read             *[]store.Limit
}

func (e *Enroll) limits(t *directory.Enrolment) []enrollLimit {
	return []enrollLimit{
		{"account_limit", directory.DefaultAccountLimit, &e.AccountLimit, &t.Account},
		{"address_limit", directory.DefaultAddressLimit, &e.AddressLimit, &t.Address},
		{"country_limit", directory.DefaultCountryLimit, &e.CountryLimit, &t.Country},
		{"total_limit", directory.DefaultTotalLimit, &e.TotalLimit, &t.Total},
	}
}

// UseRegister tells how the numbers in the register are found.
func (e *Enroll) UseRegister(find func(ctx context.Context, user string) ([]phone.Number, error)) {
	e.find = find
}

// SharesNumbers reports whether one number may be that of several users.
func (e *Enroll) SharesNumbers() bool { return e.SharedNumbers }

// Enrolment is on which terms numbers may be given.
func (e *Enroll) Enrolment() directory.Enrolment { return e.terms }

// Lookup finds a person's numbers in the register.
func (e *Enroll) Lookup(ctx context.Context, p directory.Person) (directory.Numbers, error) {
	found, err := e.find(ctx, p.Name)
	if err != nil {
		return nil, err
	}
	var numbers directory.Numbers
	for _, n := range found {
		numbers = append(numbers, n.E164())
	}
	return numbers, nil
}

// UnmarshalCaddyfile reads
//
//	directory enroll {
//		countries      <country>...
//		kinds          <kind>...
//		shared_numbers
//		invited
//		account_limit  <number> per <duration>[, <number> per <duration>...]
//		address_limit  <number> per <duration>[, <number> per <duration>...]
//		country_limit  <number> per <duration>[, <number> per <duration>...]
//		total_limit    <number> per <duration>[, <number> per <duration>...]
//	}
func (e *Enroll) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directory name
	if d.NextArg() {
		return d.ArgErr()
	}
	return readBlock(d, "enroll", []reader{e.readOption})
}

// readOption reads an option and judges it while its line is known.
func (e *Enroll) readOption(d *caddyfile.Dispenser) (known bool, err error) {
	switch d.Val() {
	case "countries":
		err = guest.Texts(d, &e.Countries)
	case "kinds":
		err = guest.Texts(d, &e.Kinds)
	case "shared_numbers":
		err = guest.Flag(d, &e.SharedNumbers)
	case "invited":
		err = guest.Flag(d, &e.Invited)
	default:
		limits := e.limits(new(directory.Enrolment))
		i := slices.IndexFunc(limits, func(l enrollLimit) bool { return l.option == d.Val() })
		if i < 0 {
			return false, nil
		}
		err = guest.Limits(d, limits[i].written)
	}
	if err != nil {
		return true, err
	}
	if _, err := e.read(); err != nil {
		return true, d.WrapErr(err)
	}
	return true, nil
}

var (
	_ directory.Enrolling  = (*Enroll)(nil)
	_ directory.Registered = (*Enroll)(nil)
	_ caddy.Provisioner    = (*Enroll)(nil)
)
