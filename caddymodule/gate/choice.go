package gate

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/page"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// A user may have several numbers. The first one gets the text; the visitor may ask for it on another one, by the
// position of the number, counted from 1. The numbers themselves are known to nobody but the directory.

// choose makes the number that a submission asks for the one that the next text goes to. A submission that names no
// position leaves that to the challenge that waits. It reports false, and why, where the position is none.
func (h *holder) choose(s submission) (refusal problem.Refusal, ok bool) {
	if !s.chosen {
		return refusal, true
	}
	at, err := strconv.ParseUint(s.at, 10, 16)
	switch last := len(h.numbers); {
	case err != nil:
		return problem.BadRequest.Because("Expected is the position of a phone number, like 2, " +
			`in JSON without quotes: {"number":2}.`), false
	case at < 1 || at > uint64(last):
		return problem.BadRequest.Because(
			fmt.Sprintf("There is no phone number at this position. Expected is 1 to %d.", last)), false
	}
	h.number, h.chosen = h.numbers[at-1], true
	return refusal, true
}

// textedTo is the number that the texts of an outcome's challenge go to; without a challenge, the one that the next
// text goes to. It is "" where the challenge's number is none of the user's any more.
func (h *holder) textedTo(o otp.Outcome) phone.Number {
	key := o.Challenge.Phone
	if key == "" {
		return h.number
	}
	for _, n := range h.numbers {
		if h.verifier.Keys().Phone(n.E164()) == key {
			return n
		}
	}
	return ""
}

// about adds to a refusal which number of the visitor it is about, and which others there are.
func (h *holder) about(f problem.Refusal, n phone.Number) problem.Refusal {
	f.Phone, f.Phones, f.At = n.Masked(), h.masked(), slices.Index(h.numbers, n)+1
	return f
}

// masked are the numbers as the visitor may see them, in the order of their positions.
func (h *holder) masked() []string {
	masked := make([]string, len(h.numbers))
	for i, n := range h.numbers {
		masked[i] = n.Masked()
	}
	return masked
}

// othersOf are the numbers that a page offers beside the one that it is about.
func othersOf(f problem.Refusal) (others []page.Number) {
	for i, masked := range f.Phones {
		if i+1 != f.At {
			others = append(others, page.Number{Position: i + 1, Phone: masked})
		}
	}
	return others
}
