package directories

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
)

// resolve replaces the placeholders in a text. One that is unknown or empty is an error.
func resolve(text string) (string, error) { return caddy.NewReplacer().ReplaceOrErr(text, true, true) }

// resolveAll replaces the placeholders in the values of an option.
func resolveAll(option string, values []string) ([]string, error) {
	var all []string
	for _, v := range values {
		value, err := resolve(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		all = append(all, value)
	}
	return all, nil
}

// resolved is a text with variables of a person, and with the placeholders replaced that have a value: what tells two
// clients apart.
func resolved(text string) string { return caddy.NewReplacer().ReplaceKnown(text, "") }

// tlsKey is all that a TLS configuration is made of: its options, and what their files hold, so that a reload takes
// other certificates under the same name.
func tlsKey(t *guest.TLS) string {
	if t == nil {
		return ""
	}
	return fmt.Sprintf("%#v %s", *t, t.Contents())
}
