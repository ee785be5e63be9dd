package otp

import "testing"

// A report may come before the sender has answered, and then stays, unless another sender took the text in the end.
func TestReportBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		reports []Report
		answer  Handover
		want    Delivery
		told    string // what the provider calls the text
	}{
		{
			"delivered",
			[]Report{{Sender: "one", ID: "m-1", Became: DeliveryDelivered}},
			Handover{Delivery: DeliverySent, Sender: "one", CodeBy: "one", ProviderID: "m-1"},
			DeliveryDelivered, "m-1",
		},
		{
			"delivered, and the answer is lost",
			[]Report{{Sender: "one", ID: "m-1", Became: DeliveryDelivered}},
			Handover{Delivery: DeliveryUnknown, Sender: "one", CodeBy: "one"},
			DeliveryDelivered, "m-1",
		},
		{
			"sent, and the answer is lost",
			[]Report{{Sender: "one", ID: "m-1", Became: DeliverySent}},
			Handover{Delivery: DeliveryUnknown, Sender: "one", CodeBy: "one"},
			DeliverySent, "m-1",
		},
		{
			"given up",
			[]Report{{Sender: "one", ID: "m-1", Became: DeliveryUndelivered}},
			Handover{Delivery: DeliverySent, Sender: "one", CodeBy: "one", ProviderID: "m-1"},
			DeliveryUndelivered, "m-1",
		},
		{
			"given up, and another sender takes it",
			[]Report{{Sender: "one", ID: "m-1", Became: DeliveryUndelivered}},
			Handover{Delivery: DeliverySent, Sender: "two", CodeBy: "two", ProviderID: "m-2"},
			DeliverySent, "m-2",
		},
		{
			"given up, and refused",
			[]Report{{Sender: "one", ID: "m-1", Became: DeliveryUndelivered}},
			Handover{Delivery: DeliveryFailed},
			DeliveryFailed, "",
		},
		{
			"no report", nil,
			Handover{Delivery: DeliveryUnknown, Sender: "one", CodeBy: "one"},
			DeliveryUnknown, "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, b := newScene(t), laptop
			s.to.CodeBy = func(string, string) string { return "one" }
			d := s.begin(&b).Dispatch
			for _, r := range tt.reports {
				s.a.report(d.ID, r)
			}
			s.a.settle(s.now, d, tt.answer)
			if got := s.a.textByID(d.ID); got.Delivery != tt.want || got.ProviderID != tt.told ||
				got.Sender != tt.answer.Sender {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A sender says nothing of a text that another sender took.
func TestReportOfAnotherSender(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	d := s.begin(&b).Dispatch
	s.a.settle(s.now, d, Handover{Delivery: DeliverySent, Sender: "two"})
	if s.a.report(d.ID, Report{Sender: "one", Became: DeliveryUndelivered}) ||
		s.a.textByID(d.ID).Delivery != DeliverySent {
		t.Errorf("%+v", s.a.textByID(d.ID))
	}
}

// Only the sender that makes the code of a text tells by a report what it calls the text, and only where that is not
// known.
func TestReportTellsTheName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, codeBy, known, want string
	}{
		{"not known", "one", "", "m-1"},
		{"known", "one", "m-0", "m-0"},
		{"our code", "", "", ""},
	} {
		s, b := newScene(t), laptop
		d := s.begin(&b).Dispatch
		h := Handover{Delivery: DeliveryUnknown, Sender: "one", CodeBy: tt.codeBy, ProviderID: tt.known}
		s.a.settle(s.now, d, h)
		s.a.report(d.ID, Report{Sender: "one", ID: "m-1", Became: DeliverySent})
		if got := s.a.textByID(d.ID).ProviderID; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
