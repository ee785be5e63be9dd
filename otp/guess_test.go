package otp

import (
	"testing"
	"time"
)

func TestCodeOpensOnce(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.begin(&b)
	s.want("right", s.try(b, rightMark, true), Right)
	s.want("double click", s.try(b, rightMark, true), Right)
	other := Ticket{Challenge: b.Challenge, Browser: BrowserID{7}}
	s.want("another browser with the same ticket", s.try(other, rightMark, true), Expired)
	s.now = s.now.Add(replyGrace)
	s.want("much later", s.try(b, rightMark, true), Expired)
	if s.a.InARow != 0 {
		t.Errorf("%d wrong codes were counted", s.a.InARow)
	}
}

// Two browsers with one challenge type the right code at once: both guesses are counted before either opens.
func TestCodeOpensInOneBrowserOnly(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.begin(&b)
	other := Ticket{Challenge: b.Challenge, Browser: BrowserID{7}}
	s.want("one is counted", s.a.attempt(s.now, s.p, b, by(rightMark)), compare)
	s.want("the other too", s.a.attempt(s.now, s.p, other, by(rightMark)), compare)
	s.want("one opens", s.a.open(s.now, s.p, b, rightMark), Right)
	s.want("the other is too late", s.a.open(s.now, s.p, other, rightMark), Expired)
}

// A gateway that dies between counting the last guess and opening the session must not lock the visitor out.
func TestGuessThatWasWrittenDownMayBeAskedAgain(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.begin(&b)
	s.try(b, mark{1}, false)
	s.try(b, mark{2}, false)
	s.want("counted, then killed", s.a.attempt(s.now, s.p, b, by(rightMark)), compare)
	s.want("a reload in the block", s.begin(&b), Blocked)
	if b.Challenge == (ChallengeID{}) || s.begin(&b).Challenge.ID != b.Challenge {
		t.Error("a reload in the block costs the ticket")
	}
	s.want("a wrong one asked again tells nothing", s.try(b, mark{2}, false), Blocked)
	s.want("a new one", s.try(b, mark{9}, false), Blocked)
	s.want("the right one again", s.try(b, rightMark, true), Right)
}

func TestTicketsOfNoWaitingChallenge(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		ticket func(s *scene, b Ticket) Ticket
	}{
		{"challenge over", func(s *scene, b Ticket) Ticket { s.now = s.now.Add(s.p.CodeTTL); return b }},
		{"no challenge", func(*scene, Ticket) Ticket { return laptop }},
		{"made up", func(*scene, Ticket) Ticket { return Ticket{Challenge: ChallengeID{99}} }},
		{"revoked", func(s *scene, b Ticket) Ticket { s.a.endOne(s.now); return b }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, b := newScene(t), laptop
			s.begin(&b)
			s.want("try", s.try(tt.ticket(s, b), rightMark, true), Expired)
			if s.a.InARow != 0 {
				t.Error("a guess that could not be compared was counted")
			}
		})
	}
}

// A guess counted for one maker's code is no guess at another maker's code: in a block, such a guess is not
// compared.
func TestGuessesBelongToOneMaker(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	marks := func(guess byte) marker { return func(_, codeBy string) mark { return mark{guess, byte(len(codeBy))} } }
	s.a.settle(s.now, s.begin(&b).Dispatch, Handover{Delivery: DeliveryUndelivered, Sender: "one"})
	s.to.CodeBy = func(string, string) string { return "two" }
	d := s.send(&b).Dispatch
	for i := range byte(3) {
		s.want("counted for two", s.a.attempt(s.now, s.p, b, marks(i)), compare)
	}
	s.a.settle(s.now, d, Handover{Delivery: DeliveryFailed})
	for i := range byte(3) {
		s.want("in the block, at our code", s.a.attempt(s.now, s.p, b, marks(i)), Blocked)
	}
}

// Guesses that a provider did not answer are given back with the block that they led to, and no more than a few of
// them.
func TestUnansweredGuessesAreGivenBack(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.to.CodeBy = func(string, string) string { return "one" }
	s.begin(&b)
	for i := range maxUnanswered {
		for n := range byte(3) {
			s.want("counted", s.a.attempt(s.now, s.p, b, by(mark{n})), compare)
		}
		s.want("blocked", s.a.attempt(s.now, s.p, b, by(mark{9})), Blocked)
		o := s.a.unanswer(s.now, s.p, b, mark{2})
		if o.Standing.AttemptsLeft != 1 || o.Standing.BlockedFor != 0 || s.a.Blocks != 0 {
			t.Fatalf("given back %d: %+v", i+1, o.Standing)
		}
		s.a.Counted, s.a.InARow = 0, 0
	}
	s.want("counted", s.a.attempt(s.now, s.p, b, by(mark{7})), compare)
	if o := s.a.unanswer(s.now, s.p, b, mark{7}); o.Standing.AttemptsLeft != 2 {
		t.Errorf("one too many: %+v", o.Standing)
	}
	if o := s.a.unanswer(s.now, s.p, b, mark{8}); o.Standing.AttemptsLeft != 2 {
		t.Errorf("one that was never counted: %+v", o.Standing)
	}
	s.want("right after all", s.a.open(s.now, s.p, b, mark{7}), Right)
	if s.a.unanswer(s.now, s.p, b, mark{7}); s.a.Counted != 0 || s.a.InARow != 0 {
		t.Errorf("after a right code: %+v", s.a)
	}
}

// Guesses at a provider's code are counted as guesses at the gate's code are, and the provider is not asked in a
// block, however often the visitor types.
func TestRemoteCheck(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.to.CodeBy = func(string, string) string { return "one" }
	s.begin(&b)
	for i := range byte(3) {
		s.want("counted", s.a.attempt(s.now, s.p, b, by(mark{i})), compare)
	}
	s.want("in the block", s.a.attempt(s.now, s.p, b, by(mark{4})), Blocked)
	s.want("one of them again", s.a.attempt(s.now, s.p, b, by(mark{2})), Blocked)
	s.now = s.now.Add(s.p.Block)
	s.begin(&b)
	s.want("after it", s.a.attempt(s.now, s.p, b, by(rightMark)), compare)
	s.want("right", s.a.open(s.now, s.p, b, rightMark), Right)
	s.want("a double click, whose code its codeBy has taken already", s.a.wrong(s.now, s.p, b, rightMark), Right)
	s.want("another guess", s.a.attempt(s.now, s.p, b, by(mark{5})), Expired)
	s.want("a guess that was not counted", s.a.open(s.now, s.p, b, mark{6}), Expired)
	if got := s.a.challenge(b.Challenge).marks; len(got) != 1 || got[0] != rightMark {
		t.Errorf("marks %v; only the right one may open again without its codeBy", got)
	}
	s.now = s.now.Add(replyGrace + time.Second)
	s.want("much later", s.a.attempt(s.now, s.p, b, by(rightMark)), Expired)
}
