package otp

import (
	"testing"
	"time"
)

// start is a moment in the life of all test accounts.
var start = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// scene is one account with a clock, and browsers that act on it.
type scene struct {
	t   *testing.T
	a   account
	now time.Time
	p   Policy
	ids byte
	to  Recipient
}

func newScene(t *testing.T) *scene {
	return &scene{t: t, now: start, p: DefaultPolicy()}
}

func (s *scene) fresh() freshIDs {
	s.ids++
	return freshIDs{challenge: ChallengeID{s.ids}, text: string(rune('a' + s.ids))}
}

func (s *scene) begin(t *Ticket) Outcome {
	s.a.expire(s.now, s.p)
	o := s.a.begin(s.now, s.p, *t, true, s.to, s.fresh())
	if o.Challenge.ID != (ChallengeID{}) {
		t.Challenge = o.Challenge.ID
	}
	return o
}

func (s *scene) send(t *Ticket) Outcome {
	s.a.expire(s.now, s.p)
	o := s.a.send(s.now, s.p, *t, s.to, s.fresh())
	if o.Challenge.ID != (ChallengeID{}) {
		t.Challenge = o.Challenge.ID
	}
	return o
}

// try types a code; right says whether that is the code of the ticket's challenge.
func (s *scene) try(t Ticket, m mark, right bool) Outcome {
	s.a.expire(s.now, s.p)
	o := s.a.attempt(s.now, s.p, t, by(m))
	switch {
	case o.Kind != compare:
		return o
	case right:
		return s.a.open(s.now, s.p, t, m)
	}
	return s.a.wrong(s.now, s.p, t, m)
}

// guess types a code with the number on file as it is now.
func (s *scene) guess(t Ticket, m mark, right bool) Outcome {
	s.a.expire(s.now, s.p)
	return s.try(s.a.ticketFor(t, s.to), m, right)
}

// by makes the same mark whatever the maker of the code.
func by(m mark) marker { return func(string, string) mark { return m } }

func (s *scene) want(step string, o Outcome, k Kind) {
	s.t.Helper()
	if o.Kind != k {
		s.t.Fatalf("%s: %s, want %s", step, o.Kind, k)
	}
}

var (
	rightMark = mark{0xff}
	laptop    = Ticket{Browser: BrowserID{1}}
	phone     = Ticket{Browser: BrowserID{2}}
)

// roundTrip sends the account through the store's form.
func (s *scene) roundTrip() []byte {
	s.t.Helper()
	data, err := s.a.encode()
	if err != nil {
		s.t.Fatal(err)
	}
	if s.a, err = decode(data); err != nil {
		s.t.Fatal(err)
	}
	return data
}
