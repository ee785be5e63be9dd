package gate

import (
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// onFile is the number on file for a user, as it was written down, as far as it is known without asking anybody.
type onFile struct {
	raw   string // "" when there is none
	known bool   // false where a directory would have to be asked
}

// numberAtHand finds the number on file for a user, given the canonical name: the one that the option phone brings, or
// the one of a directory that answers from memory. It allocates nothing where the placeholder does not.
func (h *Handler) numberAtHand(repl *caddy.Replacer, name string) onFile {
	if raw := h.broughtNumber(repl); raw != "" {
		return onFile{raw, true}
	}
	if h.directory == nil {
		return onFile{known: true}
	}
	if h.atHand == nil {
		return onFile{}
	}
	raw, _ := h.atHand.AtHand(name)
	return onFile{raw, true}
}

// broughtNumber is the number that the first factor brings in the placeholder of the option phone; "" without one.
func (h *Handler) broughtNumber(repl *caddy.Replacer) string {
	if h.phone.template == "" {
		return ""
	}
	raw, _ := h.phone.read(repl)
	return strings.TrimSpace(raw)
}

// proved reports whether a session's number is the one on file. A number on file that cannot be read is none. A token
// from before the claim proves no particular number, but its user must have one.
func (h *Handler) proved(keys *otp.Keys, s otp.Subject, claim string, f onFile) bool {
	if !f.known {
		return true
	}
	number, err := phone.Parse(f.raw, h.DefaultRegion)
	if err != nil || f.raw == "" {
		return false
	}
	return claim == "" || claim == keys.Number(s, number.E164())
}
