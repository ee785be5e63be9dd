package guest

import (
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// The readers below start on an option and read its value. Their errors name file, line and option.

// Text reads exactly one value that is not empty.
func Text(d *caddyfile.Dispenser, into *string) error {
	option := d.Val()
	if !d.AllArgs(into) {
		return d.Errf("%s: expected one value, quoted if it has spaces", option)
	}
	if *into == "" {
		return d.Errf("%s: the value is empty", option)
	}
	return nil
}

// Texts reads one or more values.
func Texts(d *caddyfile.Dispenser, into *[]string) error {
	option := d.Val()
	if *into = d.RemainingArgs(); len(*into) == 0 {
		return d.Errf("%s: expected one or more values", option)
	}
	return nil
}

// Flag reads an option that has no value and is on where it stands.
func Flag(d *caddyfile.Dispenser, into *bool) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	*into = true
	return nil
}

// Number reads a whole number above 0.
func Number(d *caddyfile.Dispenser, into *int) error {
	var text string
	option := d.Val()
	if err := Text(d, &text); err != nil {
		return err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return d.Errf("%s: %q is not a whole number above 0", option, text)
	}
	*into = n
	return nil
}

// Duration reads a duration in Caddy's syntax, like 90s, 12h or 30d. It may be 0 or negative.
func Duration(d *caddyfile.Dispenser, into *caddy.Duration) error {
	return readDuration(d, into, false)
}

// DurationOrOff reads a duration like Duration, or "off", which is 0.
func DurationOrOff(d *caddyfile.Dispenser, into *caddy.Duration) error {
	return readDuration(d, into, true)
}

func readDuration(d *caddyfile.Dispenser, into *caddy.Duration, canBeOff bool) error {
	var text string
	option := d.Val()
	if err := Text(d, &text); err != nil {
		return err
	}
	if text == "off" && canBeOff {
		*into = 0
		return nil
	}
	parsed, err := caddy.ParseDuration(text)
	if err != nil {
		return d.Errf("%s: %q is not a duration like 90s, 12h or 30d", option, text)
	}
	*into = caddy.Duration(parsed)
	return nil
}

// PositiveDuration reads a duration of more than 0, for options whose zero value means "not given".
func PositiveDuration(d *caddyfile.Dispenser, into *caddy.Duration) error {
	option := d.Val()
	if err := Duration(d, into); err != nil {
		return err
	}
	if *into <= 0 {
		return d.Errf("%s: expected more than 0", option)
	}
	return nil
}

// IsName reports whether s can name a zone or a sender: 1 to 32 letters, digits, _ and -.
func IsName(s string) bool {
	return s != "" && len(s) <= 32 && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	}) < 0
}
