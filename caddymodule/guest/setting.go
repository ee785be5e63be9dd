package guest

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Settings are the options of a guest that have one text each: the one list by which they are read from a Caddyfile
// and their placeholders are replaced.
type Settings []Setting

// Setting is an option with one text, as it was configured and, if placeholders are replaced in it, as it is used.
type Setting struct {
	name       string
	configured *string
	used       *string // nil for a literal setting
}

// Expanded is a setting whose placeholders are replaced when the guest is provisioned. The configured text is what the
// configuration shows; used is kept where no configuration shows it, because it may be or hold a secret.
func Expanded(name string, configured, used *string) Setting { return Setting{name, configured, used} }

// Literal is a setting that is used as it is written.
func Literal(name string, configured *string) Setting { return Setting{name, configured, nil} }

// Read reads the option at the dispenser; it reports false for an option that is not in the list.
func (s Settings) Read(d *caddyfile.Dispenser) (bool, error) {
	for _, option := range s {
		if option.name == d.Val() {
			return true, Text(d, option.configured)
		}
	}
	return false, nil
}

// Resolve replaces the placeholders of the expanded settings. A placeholder that is unknown or empty is an error that
// names the option.
func (s Settings) Resolve() error {
	repl := caddy.NewReplacer()
	for _, option := range s {
		if option.used == nil {
			continue
		}
		value, err := repl.ReplaceOrErr(*option.configured, true, true)
		if err != nil {
			return fmt.Errorf("%s: %w", option.name, err)
		}
		*option.used = value
	}
	return nil
}
