package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// SenderOptions are the options that every sender has.
type SenderOptions struct {
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

// common are the options themselves: what the app asks of a sender to find its place in the route.
func (o *SenderOptions) common() *SenderOptions { return o }

// leg is the sender's place in the route.
func (o *SenderOptions) leg(s sms.Sender) (*sms.Leg, error) {
	l := &sms.Leg{Name: first(o.Label, s.Name()), Sender: s}
	if !isZone(l.Name) {
		return l, fmt.Errorf("name: %q has other characters than letters, digits, _ and -, or more than 32", l.Name)
	}
	var err error
	if l.Only, err = parseAreas("only", o.Only); err != nil {
		return l, err
	}
	l.Except, err = parseAreas("except", o.Except)
	return l, err
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

// read reads one of the options that every sender has; it reports false for any other.
func (o *SenderOptions) read(d *caddyfile.Dispenser) (bool, error) {
	switch option := d.Val(); option {
	case "name":
		return true, oneText(d, &o.Label)
	case "only", "except":
		areas := d.RemainingArgs()
		if _, err := parseAreas(option, areas); err != nil || len(areas) == 0 {
			return true, d.Errf("%s: expected beginnings of numbers or countries, like +374 AM (%v)", option, err)
		}
		if option == "only" {
			o.Only = areas
		} else {
			o.Except = areas
		}
		return true, nil
	case "timeout":
		return true, plainDuration(d, &o.Timeout)
	}
	return false, nil
}

// senderBlock reads "<kind> { … }": the options that every sender has, those in texts, and whatever more reads; more, which
// may be nil, reports false for an option that it does not know. Options in repeated may stand several times.
func senderBlock(d *caddyfile.Dispenser, kind string, o *SenderOptions, texts map[string]*string, more func(option string) (bool, error), repeated ...string) error {
	return block(d, func(option string) error {
		if text, ok := texts[option]; ok {
			return oneText(d, text)
		}
		known, err := o.read(d)
		if !known && more != nil {
			known, err = more(option)
		}
		if !known && err == nil {
			err = d.Errf("sender %s: there is no option %q", kind, option)
		}
		return err
	}, repeated...)
}

// setting is an option that may be or hold a secret: it is resolved into a place that no configuration shows.
type setting struct {
	name, value string
	into        *string
}

// resolve replaces placeholders in settings. One that is not known, or is empty, is an error that names the option.
func resolve(settings ...setting) error {
	repl := caddy.NewReplacer()
	for _, s := range settings {
		value, err := repl.ReplaceOrErr(s.value, true, true)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		*s.into = value
	}
	return nil
}

// checkOption reads "check remote|local": who makes the codes and checks them.
func checkOption(d *caddyfile.Dispenser, into *string) func(option string) (bool, error) {
	return func(option string) (bool, error) {
		if option != "check" {
			return false, nil
		}
		if err := oneText(d, into); err != nil {
			return true, err
		}
		if *into != "remote" && *into != "local" {
			return true, d.Errf("check: %q is neither remote nor local", *into)
		}
		return true, nil
	}
}
