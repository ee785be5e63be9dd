package otp

import (
	"testing"
)

// The next text is told which sender lost the text before, and so is the question who will make its code.
func TestNextSender(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.to.CodeBy = func(_, skipSender string) string {
		if skipSender == "one" {
			return "two"
		}
		return ""
	}
	first := s.begin(&b)
	if first.Dispatch.SkipSender != "" || first.Text.CodeBy != "" {
		t.Errorf("first: %+v", first.Dispatch)
	}
	s.a.settle(s.now, first.Dispatch, Handover{Delivery: DeliverySent, Sender: "one"})
	s.a.report(first.Dispatch.ID, Report{Sender: "one", Became: DeliveryUndelivered})
	second := s.send(&b)
	if second.Dispatch.SkipSender != "one" || second.Text.CodeBy != "two" {
		t.Errorf("second: after %q, made by %q", second.Dispatch.SkipSender, second.Text.CodeBy)
	}
	s.a.settle(s.now, second.Dispatch, Handover{Delivery: DeliveryFailed})
	if codeBy := s.a.codeBy(s.a.challenge(b.Challenge)); codeBy != "" {
		t.Errorf("a text that nobody took changed who made the code: %q", codeBy)
	}
	if third := s.send(&b); third.Dispatch.SkipSender != "one" {
		t.Errorf("third: after %q; a text that nobody took says nothing of a sender", third.Dispatch.SkipSender)
	}
}

// While no later text has a usable code, that of an earlier text stays valid. It ends with the next that has one: a
// guess is asked about against one code.
func TestEarlierTextHolds(t *testing.T) {
	t.Parallel()
	sent := Handover{Delivery: DeliverySent, Sender: "one", CodeBy: "one", ProviderID: "first"}
	lost := Handover{Delivery: DeliveryUnknown, Sender: "one", CodeBy: "one"}
	second := Handover{Delivery: DeliverySent, Sender: "one", CodeBy: "one", ProviderID: "second"}
	failed := Handover{Delivery: DeliveryFailed}
	gaveUp := Handover{Delivery: DeliveryUndelivered, Sender: "one", CodeBy: "one", ProviderID: "second"}
	for _, tt := range []struct {
		name  string
		later []Handover // zero: nothing was heard of it
		id    string
	}{
		{"alone", nil, "first"},
		{"the answer to the next one is lost", []Handover{lost}, "first"},
		{"the next two fail", []Handover{failed, failed}, "first"},
		{"the next one is on its way", []Handover{{}}, "first"},
		{"the gateway was killed over the next one, and one more fails", []Handover{{}, failed}, "first"},
		{"the next one is sent, too", []Handover{second}, "second"},
		{"the next one is sent, and one more fails", []Handover{second, failed}, "second"},
		{"the next one is sent and given up", []Handover{gaveUp}, "first"},
	} {
		s, b := newScene(t), laptop
		s.p.ResendAfter = 0
		s.to.CodeBy = func(string, string) string { return "one" }
		s.a.settle(s.now, s.begin(&b).Dispatch, sent)
		for _, h := range tt.later {
			if d := s.send(&b).Dispatch; h.Delivery != "" {
				s.a.settle(s.now, d, h)
			}
		}
		o := s.a.attempt(s.now, s.p, b, by(rightMark))
		if o.Kind != compare || o.Text.CodeBy != "one" || o.Text.ProviderID != tt.id {
			t.Errorf("%s: %s, text %+v", tt.name, o.Kind, o.Text)
		}
	}
}

func TestCodeUsable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		text Text
		want bool
	}{
		{"no text", Text{}, false},
		{"the gate's code, on its way", Text{ID: "a", Delivery: DeliverySending}, true},
		{"the gate's code, perhaps accepted", Text{ID: "a", Delivery: DeliveryUnknown}, true},
		{"the gate's code, refused", Text{ID: "a", Delivery: DeliveryFailed}, false},
		{"the gate's code, undelivered", Text{ID: "a", Delivery: DeliveryUndelivered}, false},
		{"a provider's code", Text{ID: "a", Delivery: DeliverySent, CodeBy: "one", ProviderID: "VE1"}, true},
		{"a provider's code without a name", Text{ID: "a", Delivery: DeliverySent, CodeBy: "one"}, false},
		{"a provider's, on its way", Text{ID: "a", Delivery: DeliverySending, CodeBy: "one", ProviderID: "V"}, false},
	} {
		if got := tt.text.codeUsable(); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

// The code text is the latest with a usable code, else the latest that was not refused, else the oldest.
func TestCodeText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		texts []Text
		want  string
	}{
		{"no text", nil, ""},
		{"the latest", []Text{{ID: "a", Delivery: DeliverySent}, {ID: "b", Delivery: DeliverySent}}, "b"},
		{
			"usable before lost",
			[]Text{{ID: "a", Delivery: DeliverySent}, {ID: "b", Delivery: DeliveryUndelivered}},
			"a",
		},
		{
			"not refused before refused",
			[]Text{{ID: "a", Delivery: DeliveryUndelivered}, {ID: "b", Delivery: DeliveryFailed}},
			"a",
		},
		{"all refused", []Text{{ID: "a", Delivery: DeliveryFailed}, {ID: "b", Delivery: DeliveryFailed}}, "a"},
	} {
		a, c := account{Texts: tt.texts}, Challenge{}
		for _, text := range tt.texts {
			c.addText(text.ID)
		}
		if got := a.codeText(&c).ID; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
