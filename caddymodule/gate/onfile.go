package gate

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// onFile is the numbers on file for a user, as they were written down, as far as it is known without asking anybody.
type onFile struct {
	raw   string // "" when there is none
	known bool   // false where a directory would have to be asked
}

// onHand is what one directory can tell without asking anybody: a placeholder of the request, the numbers in memory,
// or nothing.
type onHand struct {
	placeholder reading
	memory      directory.AtHand // nil for a directory that would have to be asked
}

func newOnHand(d directory.Directory) onHand {
	if p, ok := d.(interface{ Template() string }); ok {
		return onHand{placeholder: newReading(p.Template())}
	}
	memory, _ := d.(directory.AtHand)
	return onHand{memory: memory}
}

// numberAtHand finds the numbers on file for a user, given the canonical name, in the order in which the directories
// are asked. repl is that of the request; without a request it is nil, and a number that the request brings is not
// known. It allocates nothing where the placeholder does not.
func (h *Handler) numberAtHand(repl *caddy.Replacer, name string) onFile {
	for i := range h.atHand {
		if raw, known := h.atHand[i].of(repl, name); raw != "" || !known {
			return onFile{raw, known}
		}
	}
	return onFile{known: true}
}

// of finds the numbers that a directory has at hand; known is false if it would have to be asked.
func (d *onHand) of(repl *caddy.Replacer, name string) (raw string, known bool) {
	switch {
	case d.placeholder.template != "" && repl == nil:
		return "", false
	case d.placeholder.template != "":
		raw, _ = d.placeholder.read(repl)
		return strings.TrimSpace(raw), true
	case d.memory != nil:
		raw, _ = d.memory.AtHand(name)
		return raw, true
	}
	return "", false
}

// proved reports whether a session's number is one of those on file. A number on file that cannot be read is none. A
// token from before the claim proves no particular number, but its user must have one.
func (h *Handler) proved(keys *otp.Keys, s otp.Subject, claim string, f onFile) bool {
	if !f.known {
		return true
	}
	numbers, err := directory.NumbersInText(f.raw)
	return err == nil && slices.ContainsFunc(numbers, func(raw string) bool {
		number, err := phone.Parse(raw, h.DefaultRegion)
		return err == nil && raw != "" && (claim == "" || claim == keys.Number(s, number.E164()))
	})
}
