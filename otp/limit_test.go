package otp

import (
	"slices"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

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

// An undelivered text counts for the limits all the same: it was paid for.
func TestUndeliveredTextsAreLimited(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	for range s.p.Sends[0].Max {
		o := s.send(&b)
		s.want("send", o, Sending)
		s.a.settle(s.now, o.Dispatch, Handover{Delivery: DeliverySent, Sender: "one"})
		s.a.report(o.Dispatch.ID, Report{Sender: "one", Became: DeliveryUndelivered})
	}
	s.want("one more", s.send(&b), Limited)
}

// A provider that refuses a text may impose a wait on the account, up to a bound.
func TestProviderAsksToWait(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		h     Handover
		asked time.Duration
	}{
		{"a moment", Handover{Delivery: DeliveryFailed, RetryAfter: 7 * time.Second}, 7 * time.Second},
		{"a day", Handover{Delivery: DeliveryFailed, RetryAfter: 24 * time.Hour}, longestRetry},
		{"nothing", Handover{Delivery: DeliveryFailed}, 0},
	} {
		s, b := newScene(t), laptop
		first := s.begin(&b)
		s.a.settle(s.now, first.Dispatch, tt.h)
		stored, err := s.a.encode()
		if err != nil {
			t.Fatal(err)
		}
		if s.a, err = decode(stored); err != nil {
			t.Fatal(err)
		}
		if got := s.a.wait(s.now, s.p); got != tt.asked {
			t.Errorf("%s: waits %s, want %s", tt.name, got, tt.asked)
		}
		if tt.asked > 0 {
			s.now = s.now.Add(tt.asked - time.Second)
			s.want(tt.name+", too early", s.send(&b), Limited)
			s.now = s.now.Add(time.Second)
		}
		s.want(tt.name+", in time", s.send(&b), Sending)
	}
}

func TestUntilRoom(t *testing.T) {
	t.Parallel()
	limit := store.Limit{Max: 2, Per: 10 * time.Minute}
	ago := func(minutes ...int) (at []time.Time) {
		for _, m := range minutes {
			at = append(at, start.Add(-time.Duration(m)*time.Minute))
		}
		return at
	}
	for _, tt := range []struct {
		name string
		at   []time.Time
		want time.Duration
	}{
		{"no text", nil, 0},
		{"one text", ago(1), 0},
		{"two texts", ago(9, 1), time.Minute},
		{"three texts, the first long ago", ago(60, 9, 1), time.Minute},
		{"the limit has room just now", ago(10, 1), 0},
	} {
		if got := untilRoom(tt.at, limit, start); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A text that failed counts for ten minutes only, and takes no room in the record after that; the record itself goes
// then, too.
func TestFailedTextsAreForgotten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		h    Handover
		kept time.Duration
	}{
		{"failed", Handover{Delivery: DeliveryFailed}, failedSends.Per},
		{"failed, and may be sent again at once", Handover{Delivery: DeliveryFailed, RetryAfter: 1}, failedSends.Per},
		{"sent", Handover{Delivery: DeliverySent}, 24 * time.Hour},
		{"perhaps sent", Handover{Delivery: DeliveryUnknown}, 24 * time.Hour},
	} {
		s, b := newScene(t), laptop
		s.a.settle(s.now, s.begin(&b).Dispatch, tt.h)
		if got := s.a.expires(s.now, s.p).Sub(s.now); got != tt.kept {
			t.Errorf("%s: the record is kept for %s, want %s", tt.name, got, tt.kept)
		}
		s.now = s.now.Add(tt.kept - 1)
		if s.a.expire(s.now, s.p); len(s.a.Texts) != 1 {
			t.Errorf("%s: forgotten too early", tt.name)
		}
		s.now = s.now.Add(1)
		s.a.expire(s.now, s.p)
		if data, err := s.a.encode(); data != nil || err != nil {
			t.Errorf("%s: what is left is %s, %v", tt.name, data, err)
		}
	}
}

// A provider's wish that reaches further than the ten minutes is kept as long as it holds.
func TestWishOutlivesItsText(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	d := s.begin(&b).Dispatch
	s.now = s.now.Add(30 * time.Second)
	s.a.settle(s.now, d, Handover{Delivery: DeliveryFailed, RetryAfter: time.Hour})
	s.now = s.now.Add(longestRetry - time.Second)
	s.want("the wish still holds", s.send(&b), Limited)
	s.now = s.now.Add(time.Second)
	s.want("the wish is over", s.send(&b), Sending)
}

// The pause lies between two texts that ask for the same thing. Once a code was right, the next challenge texts at
// once, in this browser, in another one, or after a logout; the limits count all texts.
func TestNoPauseAfterARightCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		next func(s *scene, used Ticket) Ticket
	}{
		{"another browser", func(*scene, Ticket) Ticket { return phone }},
		{"the same browser, signing in again", func(_ *scene, used Ticket) Ticket {
			return Ticket{Browser: used.Browser}
		}},
		{"after a logout", func(s *scene, used Ticket) Ticket {
			s.a.endOne(s.now)
			return used
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			next := laptop
			for i := range s.p.Sends[0].Max {
				o := s.begin(&next)
				s.want("a text at once", o, Sending)
				s.a.settle(s.now, o.Dispatch, Handover{Delivery: DeliverySent, Sender: "one"})
				s.want("but no second one", s.send(&next), Limited)
				s.now = s.now.Add(time.Second)
				s.want("right", s.try(next, mark{byte(i)}, true), Right)
				next = tt.next(s, next)
			}
			s.want("one more than the limit", s.begin(&next), Limited)
		})
	}
}

// A right code frees only the texts of its own challenge: what another browser waits for keeps its pause.
func TestPauseOfAnotherChallenge(t *testing.T) {
	t.Parallel()
	s, one, two := newScene(t), laptop, phone
	s.want("laptop", s.begin(&one), Sending)
	s.now = s.now.Add(s.p.ResendAfter)
	s.want("phone", s.begin(&two), Sending)
	s.want("laptop's code is right", s.try(one, rightMark, true), Right)
	s.want("phone asks again", s.send(&two), Limited)
	three := Ticket{Browser: BrowserID{3}}
	s.want("a third browser joins the phone", s.begin(&three), Waiting)
}

// An operator's word lifts the limits of texts, and a waiting code goes on to hold.
func TestUnlockLiftsTheLimits(t *testing.T) {
	t.Parallel()
	failed := Handover{Delivery: DeliveryFailed, RetryAfter: time.Hour}
	for _, tt := range []struct {
		name string
		went []Handover
	}{
		{"the pause", []Handover{{Delivery: DeliverySent}}},
		{"a limit", slices.Repeat([]Handover{{Delivery: DeliverySent}}, 5)},
		{"a text that is on its way", []Handover{{}}},
		{"failed texts", slices.Repeat([]Handover{{Delivery: DeliveryFailed}}, failedSends.Max)},
		{"a provider's wish", []Handover{failed}},
	} {
		s, b := newScene(t), laptop
		for i, h := range tt.went {
			if i > 0 && h.Delivery != DeliveryFailed {
				s.a.Texts[i-1].At = s.a.Texts[i-1].At.Add(-s.p.ResendAfter)
			}
			o := s.send(&b)
			s.want(tt.name+": send", o, Sending)
			if h.Delivery != "" {
				s.a.settle(s.now, o.Dispatch, h)
			}
		}
		s.want(tt.name+": before", s.send(&b), Limited)
		s.a.unlock()
		s.roundTrip()
		s.want(tt.name+": after", s.send(&b), Sending)
		s.want(tt.name+": the code holds", s.try(b, rightMark, true), Right)
	}
}
