package otp

import (
	"encoding/base64"
	"slices"
)

// BrowserID names a browser within a challenge. It is random and means nothing elsewhere.
type BrowserID [16]byte

// Ticket is what a browser keeps of its challenge, in a cookie. It names the challenge and the browser and proves
// nothing alone: only a visitor who passed the first factor as the same subject, and has the code, can use it.
type Ticket struct {
	Challenge ChallengeID // zero before the first text
	Browser   BrowserID
}

// String is the ticket as a cookie value.
func (t Ticket) String() string {
	return base64.RawURLEncoding.EncodeToString(slices.Concat(t.Challenge[:], t.Browser[:]))
}

// ParseTicket reads a cookie value; it reports false for anything that is not exactly what String wrote.
func ParseTicket(s string) (Ticket, bool) {
	var t Ticket
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(t.Challenge)+len(t.Browser) || t.fill(b).String() != s {
		return Ticket{}, false
	}
	return t, true
}

func (t *Ticket) fill(b []byte) *Ticket {
	copy(t.Challenge[:], b)
	copy(t.Browser[:], b[len(t.Challenge):])
	return t
}
