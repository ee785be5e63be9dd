package otp

import "testing"

// moveTo changes the number on file.
func (s *scene) moveTo(number string) { s.to.key = number }

// When the number of a user changes, the code on the old phone opens nothing, and the next text has a new code.
func TestNumberChanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		next func(s *scene, b *Ticket) Outcome
	}{
		{"resend", func(s *scene, b *Ticket) Outcome { return s.send(b) }},
		{"reload", func(s *scene, b *Ticket) Outcome { return s.begin(b) }},
		{"another browser", func(s *scene, _ *Ticket) Outcome { other := phone; return s.begin(&other) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, b := newScene(t), laptop
			s.moveTo("old")
			first := s.begin(&b)
			s.want("first text", first, Sending)
			s.moveTo("new")
			s.want("the code on the old phone", s.guess(b, rightMark, true), Expired)
			if s.a.InARow != 0 {
				t.Error("a guess that was not compared was counted")
			}
			s.want("a reload cannot join", s.begin(&b), Limited)
			s.now = s.now.Add(s.p.ResendAfter)
			ticket := Ticket{Challenge: first.Challenge.ID, Browser: b.Browser}
			o := tt.next(s, &ticket)
			s.want("next text", o, Sending)
			if o.Challenge.ID == first.Challenge.ID {
				t.Error("the next text has the code of the first")
			}
			s.moveTo("old")
			old := Ticket{Challenge: first.Challenge.ID, Browser: b.Browser}
			s.want("the old number is back, its code stays over", s.guess(old, rightMark, true), Expired)
		})
	}
}

// A number that is away for a moment, as when gateways read a changed file one after the other, takes nothing away.
func TestNumberThatComesBack(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.moveTo("one")
	s.begin(&b)
	s.moveTo("two")
	o := s.a.begin(s.now, s.p, b, false, s.to, s.fresh())
	s.want("a look with another number", o, Idle)
	s.moveTo("one")
	s.want("right", s.guess(b, rightMark, true), Right)
	s.moveTo("two")
	s.want("a copy of the right guess, with another number", s.guess(b, rightMark, true), Expired)
}

// An older record does not tell its number. Its challenge goes on to hold, and has a number from the next text on.
func TestNumberOfAnOlderRecord(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.begin(&b)
	s.moveTo("one")
	s.now = s.now.Add(s.p.ResendAfter)
	s.want("resend", s.send(&b), Sending)
	s.roundTrip()
	s.moveTo("two")
	s.want("another number", s.guess(b, rightMark, true), Expired)
	s.moveTo("one")
	s.want("right", s.guess(b, rightMark, true), Right)
}
