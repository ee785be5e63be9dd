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

// tlsKey is all that a TLS configuration is made of.
func tlsKey(t *guest.TLS) guest.TLS {
	if t == nil {
		return guest.TLS{}
	}
	return *t
}
