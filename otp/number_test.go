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

// choose changes which of several numbers the visitor asks for.
func (s *scene) choose(number string, others ...string) {
	s.to.key, s.to.others, s.to.Others, s.to.Chosen = number, others, others, true
}

// onFile changes the numbers on file, of which the visitor chooses none.
func (s *scene) onFile(first string, others ...string) {
	s.choose(first, others...)
	s.to.Chosen = false
}

// A visitor with several numbers chooses one: a new challenge with another code goes there, its resend too, and it
// holds as long as the number is one of the user's, whatever their order.
func TestChosenNumber(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.onFile("one", "two")
	first := s.begin(&b)
	old := b
	s.choose("two", "one")
	s.want("another number too early", s.send(&b), Limited)
	s.want("the first code still holds", s.guess(b, mark{1}, false), Wrong)
	s.now = s.now.Add(s.p.ResendAfter)
	o := s.send(&b)
	s.want("another number", o, Sending)
	if o.Challenge.ID == first.Challenge.ID || o.Challenge.Phone != "two" || o.Dispatch.phone != "two" {
		t.Errorf("challenge %v to %s, text to %s", o.Challenge.ID, o.Challenge.Phone, o.Dispatch.phone)
	}
	s.a.settle(s.now, o.Dispatch, Handover{Delivery: DeliverySent})
	s.want("the code on the first number is over", s.guess(old, rightMark, true), Expired)
	s.onFile("one", "two")
	s.now = s.now.Add(s.p.ResendAfter)
	again := s.send(&b)
	if again.Challenge.ID != o.Challenge.ID || again.Dispatch.phone != "two" {
		t.Error("a resend without a choice does not go where the challenge went")
	}
	s.roundTrip()
	s.onFile("two", "one")
	s.want("a copy of the code before it is typed, in another order", s.guess(b, mark{2}, false), Wrong)
	s.onFile("one", "three")
	s.want("the number is gone", s.guess(b, rightMark, true), Expired)
	s.onFile("three", "two")
	s.want("the number is one of the user's", s.guess(b, rightMark, true), Right)
}

// Browsers of one account may wait for codes on different numbers. Each challenge keeps its own, also in the store.
func TestBrowsersWithDifferentNumbers(t *testing.T) {
	t.Parallel()
	s, b, other := newScene(t), laptop, phone
	s.choose("two", "one")
	s.send(&b)
	s.now = s.now.Add(s.p.ResendAfter)
	s.onFile("one", "two")
	o := s.begin(&other)
	s.want("another browser", o, Sending)
	if o.Dispatch.phone != "one" {
		t.Errorf("the text of another browser goes to %s", o.Dispatch.phone)
	}
	s.roundTrip()
	if got := s.a.challenge(b.Challenge).Phone; got != "two" {
		t.Errorf("the challenge of the first browser is for %s", got)
	}
	s.onFile("one")
	s.want("its number is gone", s.guess(b, rightMark, true), Expired)
	s.onFile("two")
	s.want("the other number is gone", s.guess(other, rightMark, true), Expired)
	s.want("right", s.guess(b, rightMark, true), Right)
}

// Where no text can go to the number that was chosen, the code on the first one holds on.
func TestChosenNumberThatGetsNoText(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *scene, d Dispatch){
		"refused by the limit of the number": func(s *scene, d Dispatch) { s.a.takeBack(d.ID) },
		"refused by the provider": func(s *scene, d Dispatch) {
			s.a.settle(s.now, d, Handover{Delivery: DeliveryFailed})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, b := newScene(t), laptop
			s.onFile("one", "two")
			s.begin(&b)
			first := b
			s.now = s.now.Add(s.p.ResendAfter)
			s.choose("two", "one")
			o := s.send(&b)
			s.want("another number", o, Sending)
			end(s, o.Dispatch)
			s.want("the first code", s.guess(first, rightMark, true), Right)
		})
	}
}
