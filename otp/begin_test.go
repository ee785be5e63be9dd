package otp

import (
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

func TestBeginSendsOneTextPerChallenge(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.want("first", s.begin(&b), Sending)
	s.want("reload", s.begin(&b), Waiting)
	blank := Ticket{Browser: BrowserID{9}}
	s.want("tab opened at once, without ticket", s.begin(&blank), Waiting)
	if blank.Challenge != b.Challenge {
		t.Error("parallel tabs do not share the challenge whose text was sent")
	}
	s.now = s.now.Add(4 * time.Minute)
	s.want("reload much later", s.begin(&b), Waiting)
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
	s.want("laptop's challenge still waits", s.begin(&one), Waiting)
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

// While a text may still come, or has come, the code of the next text has the same maker, whichever sender the next
// text goes through.
func TestNextTextKeepsWhoMakesTheCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		went   Delivery
		id     string
		skip   string
		same   bool
		codeBy string
	}{
		{DeliverySent, "ref", "", true, "two"},
		{DeliveryUnknown, "ref", "one", true, "two"},
		{DeliveryUnknown, "", "one", false, "one"}, // its code could never be asked about
		{DeliveryFailed, "", "", false, "one"},
	} {
		s, b := newScene(t), laptop
		s.to.CodeBy = func(string, string) string { return "one" }
		first := s.begin(&b)
		// Another sender has accepted the text in the end, and its provider made the code.
		s.a.settle(s.now, first.Dispatch, Handover{
			Delivery: tt.went, Sender: "one", CodeBy: "two", ProviderID: tt.id,
		})
		s.now = s.now.Add(s.p.ResendAfter)
		d := s.send(&b).Dispatch
		if d.SkipSender != tt.skip || d.SameCodeBy != tt.same || d.CodeBy != tt.codeBy {
			t.Errorf("%s: skip %q, same maker %t, made by %q", tt.went, d.SkipSender, d.SameCodeBy, d.CodeBy)
		}
	}
}

// Where a limit forbids another text, a browser that comes later joins the challenge that waits.
func TestBrowserJoinsWhereTextsAreLimited(t *testing.T) {
	t.Parallel()
	s, one, two := newScene(t), laptop, phone
	s.p.Sends = []store.Limit{{Max: 1, Per: 10 * time.Minute}}
	s.want("laptop", s.begin(&one), Sending)
	s.now = s.now.Add(2 * time.Minute)
	s.want("phone", s.begin(&two), Waiting)
	s.want("phone types the code of the laptop's text", s.try(two, rightMark, true), Right)
	s.now = s.now.Add(s.p.CodeTTL)
	blank := Ticket{Browser: BrowserID{9}}
	s.want("no code holds", s.begin(&blank), Limited)
}

// An end of sessions ends the challenges, so that nobody waits for their texts any more.
func TestEndedChallengesKeepNoPause(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*account, time.Time) Ending{
		"one session": (*account).endOne, "all sessions": (*account).endAll,
	} {
		s, one, two := newScene(t), laptop, phone
		s.want("laptop", s.begin(&one), Sending)
		end(&s.a, s.now)
		if o := s.begin(&two); o.Kind != Sending || !o.Awaited {
			t.Errorf("end of %s: %s, awaited %t", name, o.Kind, o.Awaited)
		}
		end(&s.a, s.now)
		if o := s.a.outcome(Idle, s.now, s.p, nil); o.Awaited {
			t.Errorf("end of %s: a text is awaited", name)
		}
	}
}
