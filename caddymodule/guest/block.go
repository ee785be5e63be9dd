package guest

import (
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Block reads "<name> { … }" without arguments, option by option. read is called with the dispenser on each option. An
// option may stand once, unless it is listed in repeated.
func Block(d *caddyfile.Dispenser, read func(option string) error, repeated ...string) error {
	d.Next() // consume name
	if d.NextArg() {
		return d.ArgErr()
	}
	return InnerBlock(d, read, repeated...)
}

// InnerBlock reads the block that begins at the dispenser, if there is one, like Block.
func InnerBlock(d *caddyfile.Dispenser, read func(option string) error, repeated ...string) error {
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] && !slices.Contains(repeated, option) {
			return d.Errf("%s: already specified", option)
		}
		seen[option] = true
		if err := read(option); err != nil {
			return err
		}
	}
	return nil
}
