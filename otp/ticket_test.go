package otp

import (
	"strings"
	"testing"
)

func FuzzParseTicket(f *testing.F) {
	f.Add(Ticket{Challenge: ChallengeID{1}, Browser: BrowserID{2}}.String())
	f.Add(strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, s string) {
		if ticket, ok := ParseTicket(s); ok && ticket.String() != s {
			t.Errorf("%q is a second spelling of %q", s, ticket)
		}
	})
}
