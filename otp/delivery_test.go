package otp

import (
	"slices"
	"testing"
	"time"
)

// A report moves a text forward, once, and only the latest text of a challenge is what the visitor is told of.
func TestReports(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		went    Delivery
		reports []Delivery
		news    []bool
		told    Delivery
		free    bool // another text may be asked for at once
	}{
		{"delivered", DeliverySent, []Delivery{DeliveryDelivered}, []bool{true}, DeliveryDelivered, false},
		{"undelivered", DeliverySent, []Delivery{DeliveryUndelivered}, []bool{true}, DeliveryFailed, true},
		{"in the usual order", DeliverySent, []Delivery{DeliverySent, DeliveryDelivered}, []bool{false, true}, DeliveryDelivered, false},
		{"in the wrong order", DeliverySent, []Delivery{DeliveryDelivered, DeliverySent}, []bool{true, false}, DeliveryDelivered, false},
		{"recorded and sent again", DeliverySent, []Delivery{DeliveryUndelivered, DeliveryUndelivered}, []bool{true, false}, DeliveryFailed, true},
		{"delivered, then given up", DeliverySent, []Delivery{DeliveryDelivered, DeliveryUndelivered}, []bool{true, false}, DeliveryDelivered, false},
		{"given up, then delivered", DeliverySent, []Delivery{DeliveryUndelivered, DeliveryDelivered}, []bool{true, false}, DeliveryFailed, true},
		{"perhaps accepted, then sent", DeliveryUnknown, []Delivery{DeliverySent}, []bool{true}, DeliverySent, false},
		{"never accepted", DeliveryFailed, []Delivery{DeliveryDelivered}, []bool{false}, DeliveryFailed, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, b := newScene(t), laptop
			o := s.begin(&b)
			s.a.settle(s.now, o.Dispatch, Handover{Delivery: tt.went, Via: "one"})
			for i, r := range tt.reports {
				if news := s.a.report(o.Dispatch.ID, r); news != tt.news[i] {
					t.Errorf("report %d, %s: news is %v", i+1, r, news)
				}
			}
			o = s.begin(&b)
			if o.Standing.Delivery != tt.told || (o.Standing.ResendIn == 0) != tt.free {
				t.Errorf("told %q, another text in %s", o.Standing.Delivery, o.Standing.ResendIn)
			}
		})
	}
}

func TestReportOfAnEarlierText(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	first := s.begin(&b)
	s.a.settle(s.now, first.Dispatch, Handover{Delivery: DeliverySent, Via: "one"})
	s.now = s.now.Add(s.p.ResendAfter)
	second := s.send(&b)
	s.a.settle(s.now, second.Dispatch, Handover{Delivery: DeliverySent, Via: "one"})
	s.a.report(first.Dispatch.ID, DeliveryUndelivered)
	if o := s.begin(&b); o.Standing.Delivery != DeliverySent || o.Standing.ResendIn == 0 {
		t.Errorf("told %q, another text in %s", o.Standing.Delivery, o.Standing.ResendIn)
	}
	if s.a.report("somebody else's", DeliveryDelivered) {
		t.Error("a report of another account's text is news")
	}
}

// A text that was given up costs its place in the limits all the same: it was paid for.
func TestUndeliveredTextsAreLimited(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	for range s.p.Sends[0].Max {
		o := s.send(&b)
		s.want("send", o, Sending)
		s.a.settle(s.now, o.Dispatch, Handover{Delivery: DeliverySent, Via: "one"})
		s.a.report(o.Dispatch.ID, DeliveryUndelivered)
	}
	s.want("one more", s.send(&b), Limited)
}

// A provider that refuses a text and asks to be left alone for a while is, by this account; it cannot ask for more than a while.
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

// The next text knows which sender lost the one before, and who will make its code is asked accordingly.
func TestNextSender(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.to.Maker = func(after string) string {
		if after == "one" {
			return "two"
		}
		return ""
	}
	first := s.begin(&b)
	if first.Dispatch.After != "" || first.Text.Maker != "" {
		t.Errorf("first: %+v", first.Dispatch)
	}
	s.a.settle(s.now, first.Dispatch, Handover{Delivery: DeliverySent, Via: "one"})
	s.a.report(first.Dispatch.ID, DeliveryUndelivered)
	second := s.send(&b)
	if second.Dispatch.After != "one" || second.Text.Maker != "two" {
		t.Errorf("second: after %q, made by %q", second.Dispatch.After, second.Text.Maker)
	}
	s.a.settle(s.now, second.Dispatch, Handover{Delivery: DeliveryFailed})
	if maker := s.a.maker(s.a.challenge(b.Challenge)); maker != "" {
		t.Errorf("a text that nobody took changed who made the code: %q", maker)
	}
	if third := s.send(&b); third.Dispatch.After != "one" {
		t.Errorf("third: after %q; a text that nobody took says nothing of a sender", third.Dispatch.After)
	}
}

// While a text may still come, or has come, the next one's code is made by whoever made that one's, whichever sender it goes
// through.
func TestNextTextKeepsTheMaker(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		went  Delivery
		ref   string
		after string
		keep  bool
		maker string
	}{
		{DeliverySent, "ref", "", true, "two"},
		{DeliveryUnknown, "ref", "one", true, "two"},
		{DeliveryUnknown, "", "one", false, "one"}, // its code could never be asked about
		{DeliveryFailed, "", "", false, "one"},
	} {
		s, b := newScene(t), laptop
		s.to.Maker = func(string) string { return "one" }
		first := s.begin(&b)
		s.a.settle(s.now, first.Dispatch, Handover{Delivery: tt.went, Via: "one", Maker: "two", Ref: tt.ref}) // another sender took it over
		s.now = s.now.Add(s.p.ResendAfter)
		d := s.send(&b).Dispatch
		if d.After != tt.after || d.Keep != tt.keep || d.Maker != tt.maker {
			t.Errorf("%s: after %q, keep %t, made by %q", tt.went, d.After, d.Keep, d.Maker)
		}
	}
}

// Whatever becomes of later texts, the code of an earlier one that can be checked goes on to hold.
func TestEarlierTextHolds(t *testing.T) {
	t.Parallel()
	sent := Handover{Delivery: DeliverySent, Via: "one", Maker: "one", Ref: "first"}
	lost := Handover{Delivery: DeliveryUnknown, Via: "one", Maker: "one"}
	failed := Handover{Delivery: DeliveryFailed}
	for _, tt := range []struct {
		name  string
		later []Handover // zero: nothing was heard of it
		refs  []string
	}{
		{"alone", nil, []string{"first"}},
		{"the answer to the next one is lost", []Handover{lost}, []string{"first"}},
		{"the next two fail", []Handover{failed, failed}, []string{"first"}},
		{"the next one is on its way", []Handover{{}}, []string{"first"}},
		{"the gateway was killed over the next one, and one more fails", []Handover{{}, failed}, []string{"first"}},
		{"the next one is sent, too", []Handover{{Delivery: DeliverySent, Via: "one", Maker: "one", Ref: "second"}}, []string{"first", "second"}},
	} {
		s, b := newScene(t), laptop
		s.p.ResendAfter = 0
		s.to.Maker = func(string) string { return "one" }
		s.a.settle(s.now, s.begin(&b).Dispatch, sent)
		for _, h := range tt.later {
			if d := s.send(&b).Dispatch; h.Delivery != "" {
				s.a.settle(s.now, d, h)
			}
		}
		o := s.a.attempt(s.now, s.p, b, by(rightMark))
		if o.Kind != compare || o.Text.Maker != "one" || o.Text.Ref == "" || !slices.Equal(o.Refs, tt.refs) {
			t.Errorf("%s: %s, text %+v, refs %v", tt.name, o.Kind, o.Text, o.Refs)
		}
	}
}

// A guess at one maker's code is not one at another's: what was counted for one is not compared with the other, for nothing.
func TestGuessesBelongToAMaker(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	marks := func(guess byte) marker { return func(maker string) Mark { return Mark{guess, byte(len(maker))} } }
	s.a.settle(s.now, s.begin(&b).Dispatch, Handover{Delivery: DeliveryUndelivered, Via: "one"})
	s.to.Maker = func(string) string { return "two" }
	d := s.send(&b).Dispatch
	for i := range byte(3) {
		s.want("counted for two", s.a.attempt(s.now, s.p, b, marks(i)), compare)
	}
	s.a.settle(s.now, d, Handover{Delivery: DeliveryFailed})
	for i := range byte(3) {
		s.want("in the block, at our code", s.a.attempt(s.now, s.p, b, marks(i)), Blocked)
	}
}

// Guesses whose maker did not answer are given back, with the block that they led to, and no more than a few of them.
func TestUnansweredGuessesAreGivenBack(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.to.Maker = func(string) string { return "one" }
	s.begin(&b)
	for i := range maxUnanswered {
		for n := range byte(3) {
			s.want("counted", s.a.attempt(s.now, s.p, b, by(Mark{n})), compare)
		}
		s.want("blocked", s.a.attempt(s.now, s.p, b, by(Mark{9})), Blocked)
		o := s.a.unanswer(s.now, s.p, b, Mark{2})
		if o.Standing.AttemptsLeft != 1 || o.Standing.BlockedFor != 0 || s.a.Blocks != 0 {
			t.Fatalf("given back %d: %+v", i+1, o.Standing)
		}
		s.a.Wrong, s.a.InARow = 0, 0
	}
	s.want("counted", s.a.attempt(s.now, s.p, b, by(Mark{7})), compare)
	if o := s.a.unanswer(s.now, s.p, b, Mark{7}); o.Standing.AttemptsLeft != 2 {
		t.Errorf("one too many: %+v", o.Standing)
	}
	if o := s.a.unanswer(s.now, s.p, b, Mark{8}); o.Standing.AttemptsLeft != 2 {
		t.Errorf("one that was never counted: %+v", o.Standing)
	}
	s.want("right after all", s.a.open(s.now, s.p, b, Mark{7}), Right)
	if s.a.unanswer(s.now, s.p, b, Mark{7}); s.a.Wrong != 0 || s.a.InARow != 0 {
		t.Errorf("after a right code: %+v", s.a)
	}
}

// A code that somebody else made is counted as ours are, and its maker is not asked in a block, however often.
func TestForeignCode(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.to.Maker = func(string) string { return "one" }
	s.begin(&b)
	for i := range byte(3) {
		s.want("counted", s.a.attempt(s.now, s.p, b, by(Mark{i})), compare)
	}
	s.want("in the block", s.a.attempt(s.now, s.p, b, by(Mark{4})), Blocked)
	s.want("one of them again", s.a.attempt(s.now, s.p, b, by(Mark{2})), Blocked)
	s.now = s.now.Add(s.p.Block)
	s.begin(&b)
	s.want("after it", s.a.attempt(s.now, s.p, b, by(rightMark)), compare)
	s.want("right", s.a.open(s.now, s.p, b, rightMark), Right)
	s.want("a double click, whose code its maker has taken already", s.a.wrong(s.now, s.p, b, rightMark), Right)
	s.want("another guess", s.a.attempt(s.now, s.p, b, by(Mark{5})), Expired)
	s.want("a guess that was not counted", s.a.open(s.now, s.p, b, Mark{6}), Expired)
	if got := s.a.challenge(b.Challenge).Marks; len(got) != 1 || got[0] != rightMark {
		t.Errorf("marks %v; only the right one may open again without its maker", got)
	}
	s.now = s.now.Add(replyGrace + time.Second)
	s.want("much later", s.a.attempt(s.now, s.p, b, by(rightMark)), Expired)
}
