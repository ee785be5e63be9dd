package caddymodule

import (
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// block reads "<name> { … }" without arguments, option by option.
func block(d *caddyfile.Dispenser, read func(option string) error, repeated ...string) error {
	d.Next() // consume name
	if d.NextArg() {
		return d.ArgErr()
	}
	return options(d, read, repeated...)
}

// options reads the block that begins here, if there is one. Each option may stand once, but those in repeated.
func options(d *caddyfile.Dispenser, read func(option string) error, repeated ...string) error {
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if slices.Contains(repeated, d.Val()) {
			if err := read(d.Val()); err != nil {
				return err
			}
			continue
		}
		if err := once(d, seen); err != nil {
			return err
		}
		if err := read(d.Val()); err != nil {
			return err
		}
	}
	return nil
}

// plainDuration reads a duration that has a zero value for "not given".
func plainDuration(d *caddyfile.Dispenser, into *caddy.Duration) error {
	var length *caddy.Duration
	option := d.Val()
	if err := oneDuration(d, &length); err != nil {
		return err
	}
	if *length <= 0 {
		return d.Errf("%s: expected more than 0", option)
	}
	*into = *length
	return nil
}
