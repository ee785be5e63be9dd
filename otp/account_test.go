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
	a   Account
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

// try types a code; right says whether it is the one of the ticket's challenge.
func (s *scene) try(t Ticket, m Mark, right bool) Outcome {
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

// by is a guess whose mark does not depend on who made the code.
func by(m Mark) marker { return func(string) Mark { return m } }

func (s *scene) want(step string, o Outcome, k Kind) {
	s.t.Helper()
	if o.Kind != k {
		s.t.Fatalf("%s: %s, want %s", step, o.Kind, k)
	}
}

var (
	rightMark = Mark{0xff}
	laptop    = Ticket{Browser: BrowserID{1}}
	phone     = Ticket{Browser: BrowserID{2}}
)

func TestBeginSendsOneTextPerChallenge(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.want("first", s.begin(&b), Sending)
	s.want("reload", s.begin(&b), Open)
	blank := Ticket{Browser: BrowserID{9}}
	s.want("tab opened at once, without ticket", s.begin(&blank), Open)
	if blank.Challenge != b.Challenge {
		t.Error("parallel tabs do not share the challenge whose text was sent")
	}
	s.now = s.now.Add(4 * time.Minute)
	s.want("reload much later", s.begin(&b), Open)
	if len(s.a.Texts) != 1 {
		t.Errorf("%d texts, want 1", len(s.a.Texts))
	}
}

func TestSecondBrowserGetsItsOwnChallenge(t *testing.T) {
	t.Parallel()
	s, one, two := newScene(t), laptop, phone
	s.want("laptop", s.begin(&one), Sending)
	s.now = s.now.Add(2 * time.Minute)
	s.want("phone", s.begin(&two), Sending)
	if one.Challenge == two.Challenge {
		t.Error("a browser that comes later shares a challenge")
	}
	s.want("phone types its code", s.try(two, rightMark, true), Right)
	s.want("laptop's challenge still waits", s.begin(&one), Open)
}

func TestResend(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.begin(&b)
	first := b.Challenge
	s.now = s.now.Add(59 * time.Second)
	o := s.send(&b)
	s.want("too early", o, Limited)
	if o.Standing.ResendIn != time.Second {
		t.Errorf("resend in %s, want 1s", o.Standing.ResendIn)
	}
	s.now = s.now.Add(time.Second)
	s.want("in time", s.send(&b), Sending)
	if b.Challenge != first {
		t.Error("a resend began a new challenge, so its code would be another one")
	}
}

func TestResendNeverStretchesAChallengeOverTenMinutes(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.p.CodeTTL = 6 * time.Minute
	begun := s.begin(&b).Challenge.Begun
	s.now = s.now.Add(5 * time.Minute)
	o := s.send(&b)
	s.want("resend", o, Sending)
	if got := o.Challenge.Expires.Sub(begun); got != MaxCodeTTL {
		t.Errorf("challenge lives %s, want %s", got, MaxCodeTTL)
	}
}

func TestFailedTextMayBeSentAgainAtOnce(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	for range failedSends.Max {
		o := s.send(&b)
		s.want("send", o, Sending)
		s.a.settle(s.now, o.Dispatch, Handover{Delivery: DeliveryFailed})
	}
	s.want("but not for ever", s.send(&b), Limited)
}

func TestUnknownTextCounts(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.a.settle(s.now, s.begin(&b).Dispatch, Handover{Delivery: DeliveryUnknown})
	s.want("send", s.send(&b), Limited)
}

func TestSendsAreLimited(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.p.ResendAfter = 0
	for range 5 {
		s.want("send", s.send(&b), Sending)
	}
	s.want("sixth in ten minutes", s.send(&b), Limited)
	s.now = s.now.Add(10 * time.Minute)
	for range 5 {
		s.want("later", s.send(&b), Sending)
	}
	s.now = s.now.Add(10 * time.Minute)
	o := s.send(&b)
	s.want("eleventh in a day", o, Limited)
	if o.Standing.ResendIn < 23*time.Hour {
		t.Errorf("may send again in %s, want most of a day", o.Standing.ResendIn)
	}
}

func TestBlocksDouble(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	for i, want := range []time.Duration{15, 30, 60, 120, 240, 480, 960, 1440, 1440} {
		want *= time.Minute
		s.p.Sends[1].Max = 1000
		s.begin(&b)
		s.want("first wrong", s.try(b, Mark{1, byte(i)}, false), Wrong)
		s.want("second wrong", s.try(b, Mark{2, byte(i)}, false), Wrong)
		o := s.try(b, Mark{3, byte(i)}, false)
		s.want("third wrong", o, Blocked)
		if o.Standing.BlockedFor != want {
			t.Fatalf("block %d lasts %s, want %s", i+1, o.Standing.BlockedFor, want)
		}
		s.want("right code in the block", s.try(b, rightMark, true), Blocked)
		s.want("no text in the block", s.send(&b), Blocked)
		s.now = s.now.Add(want)
	}
}

func TestRightCodeForgives(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.a.Blocks = 3
	s.begin(&b)
	s.try(b, Mark{1}, false)
	s.try(b, Mark{2}, false)
	s.want("last try", s.try(b, rightMark, true), Right)
	if s.a.Wrong != 0 || s.a.InARow != 0 || s.a.Blocks != 0 || !s.a.BlockedUntil.IsZero() {
		t.Errorf("counters after a right code: %+v", s.a)
	}
}

func TestHundredWrongCodesDisable(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.p.Block, s.p.ResendAfter = 0, 0
	s.p.Sends[0].Max, s.p.Sends[1].Max = 1000, 1000
	for i := range MaxInARow - 1 {
		s.begin(&b)
		s.want("wrong", s.try(b, Mark{1, byte(i)}, false), Wrong)
	}
	s.want("the last one", s.try(b, Mark{2}, false), Disabled)
	s.now = s.now.Add(300 * 24 * time.Hour)
	s.want("a year later", s.begin(&b), Disabled)
	s.a.unlock()
	s.want("unlocked", s.begin(&b), Sending)
}

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
	s.try(b, Mark{1}, false)
	s.try(b, Mark{2}, false)
	s.want("counted, then killed", s.a.attempt(s.now, s.p, b, by(rightMark)), compare)
	s.want("a reload in the block", s.begin(&b), Blocked)
	if b.Challenge == (ChallengeID{}) || s.begin(&b).Challenge.ID != b.Challenge {
		t.Error("a reload in the block costs the ticket")
	}
	s.want("a wrong one asked again tells nothing", s.try(b, Mark{2}, false), Blocked)
	s.want("a new one", s.try(b, Mark{9}, false), Blocked)
	s.want("the right one again", s.try(b, rightMark, true), Right)
}

func TestExpiredAndForeignTickets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		ticket func(s *scene, b Ticket) Ticket
	}{
		{"challenge over", func(s *scene, b Ticket) Ticket { s.now = s.now.Add(s.p.CodeTTL); return b }},
		{"no challenge", func(*scene, Ticket) Ticket { return laptop }},
		{"made up", func(*scene, Ticket) Ticket { return Ticket{Challenge: ChallengeID{99}} }},
		{"revoked", func(s *scene, b Ticket) Ticket { s.a.revoke(); return b }},
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

func TestRecordKeepsEverything(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.a.settle(s.now, s.begin(&b).Dispatch, Handover{Delivery: DeliverySent, Via: "twilio", Ref: "VE1"})
	s.try(b, Mark{1}, false)
	s.try(b, rightMark, true)
	data, err := s.a.encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.encode()
	if err != nil || string(again) != string(data) {
		t.Errorf("record changed on its way:\n%s\n%s (%v)", data, again, err)
	}
	if want := s.a.Challenges[0].Opened; !back.Challenges[0].Opened.Equal(want) {
		t.Errorf("opened at %s, want %s", back.Challenges[0].Opened, want)
	}
}

func TestRecordExpires(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.begin(&b)
	if got, want := s.a.expires(s.now, s.p), s.now.Add(24*time.Hour); !got.Equal(want) {
		t.Errorf("after a text: expires %s, want with the longest limit, %s", got, want)
	}
	s.try(b, Mark{1}, false)
	if got, want := s.a.expires(s.now, s.p), s.now.Add(memory); !got.Equal(want) {
		t.Errorf("after a wrong code: expires %s, want %s", got, want)
	}
	var none Account
	if data, err := none.encode(); data != nil || err != nil {
		t.Errorf("the empty account is written as %q, %v", data, err)
	}
}
