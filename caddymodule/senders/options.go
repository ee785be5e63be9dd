package senders

import (
	"cmp"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// Options are the options that every sender has.
type Options struct {
	// What tells this sender from others of its kind, in logs, metrics and `sms_2fa_reports`. Default: its kind, like
	// `dexatel`.
	Label string `json:"name,omitempty"`

	// The numbers that this sender is for: those that begin like `+374`, or those of a country, like `AM`. Default: all.
	Only []string `json:"only,omitempty"`

	// The numbers that it is not for, in the same way. Default: none.
	Except []string `json:"except,omitempty"`

	// How long the provider may take to accept a text. Default: `10s`.
	Timeout caddy.Duration `json:"timeout,omitempty"`
}

// Entry is the sender's entry in the order of senders that the app tries: its name, and the numbers that it is for.
func (o *Options) Entry(s sms.Sender) (*sms.Entry, error) {
	e := &sms.Entry{Name: cmp.Or(o.Label, s.Name()), Sender: s}
	var err error
	if e.Only, err = parseAreas("only", o.Only); err != nil {
		return e, err
	}
	e.Except, err = parseAreas("except", o.Except)
	return e, err
}

func parseAreas(option string, raw []string) ([]phone.Area, error) {
	var areas []phone.Area
	for _, s := range raw {
		a, err := phone.ParseArea(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		areas = append(areas, a)
	}
	return areas, nil
}

// read reads "<kind> { … }": the options that every sender has, its settings, and those that own reads. own, which
// may be nil, reports false for an option that the sender does not have. Options in repeated may stand several times.
func (o *Options) read(
	d *caddyfile.Dispenser, kind string, settings guest.Settings,
	own func(option string) (bool, error), repeated ...string,
) error {
	return guest.Block(d, func(option string) error {
		known, err := settings.Read(d)
		if !known {
			known, err = o.readOption(d, option)
		}
		if !known && own != nil {
			known, err = own(option)
		}
		if !known && err == nil {
			err = d.Errf("sender %s: there is no option %q", kind, option)
		}
		return err
	}, repeated...)
}

// readOption reads an option that every sender has; it reports false for any other option.
func (o *Options) readOption(d *caddyfile.Dispenser, option string) (bool, error) {
	switch option {
	case "name":
		return true, guest.Text(d, &o.Label)
	case "only":
		return true, readAreas(d, &o.Only)
	case "except":
		return true, readAreas(d, &o.Except)
	case "timeout":
		return true, guest.PositiveDuration(d, &o.Timeout)
	}
	return false, nil
}

// readAreas reads beginnings of numbers and countries.
func readAreas(d *caddyfile.Dispenser, into *[]string) error {
	const expected = "expected beginnings of numbers or countries, like +374 AM"
	option := d.Val()
	if *into = d.RemainingArgs(); len(*into) == 0 {
		return d.Errf("%s: %s", option, expected)
	}
	if _, err := parseAreas(option, *into); err != nil {
		return d.Errf("%s: %s (%v)", option, expected, err)
	}
	return nil
}

// checkOption reads "check remote|local": who makes the codes and checks them.
func checkOption(d *caddyfile.Dispenser, into *string) func(option string) (bool, error) {
	return func(option string) (bool, error) {
		if option != "check" {
			return false, nil
		}
		if err := guest.Text(d, into); err != nil {
			return true, err
		}
		if *into != "remote" && *into != "local" {
			return true, d.Errf("check: %q is neither remote nor local", *into)
		}
		return true, nil
	}
}
