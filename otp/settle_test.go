package otp

import (
	"testing"
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
		{
			"delivered", DeliverySent,
			[]Delivery{DeliveryDelivered},
			[]bool{true},
			DeliveryDelivered, false,
		},
		{
			"undelivered", DeliverySent,
			[]Delivery{DeliveryUndelivered},
			[]bool{true},
			DeliveryFailed, true,
		},
		{
			"in the usual order", DeliverySent,
			[]Delivery{DeliverySent, DeliveryDelivered},
			[]bool{false, true},
			DeliveryDelivered, false,
		},
		{
			"in the wrong order", DeliverySent,
			[]Delivery{DeliveryDelivered, DeliverySent},
			[]bool{true, false},
			DeliveryDelivered, false,
		},
		{
			"recorded and sent again", DeliverySent,
			[]Delivery{DeliveryUndelivered, DeliveryUndelivered},
			[]bool{true, false},
			DeliveryFailed, true,
		},
		{
			"delivered, then given up", DeliverySent,
			[]Delivery{DeliveryDelivered, DeliveryUndelivered},
			[]bool{true, false},
			DeliveryDelivered, false,
		},
		{
			"given up, then delivered", DeliverySent,
			[]Delivery{DeliveryUndelivered, DeliveryDelivered},
			[]bool{true, false},
			DeliveryFailed, true,
		},
		{
			"perhaps accepted, then sent", DeliveryUnknown,
			[]Delivery{DeliverySent},
			[]bool{true},
			DeliverySent, false,
		},
		{
			"never accepted", DeliveryFailed,
			[]Delivery{DeliveryDelivered},
			[]bool{false},
			DeliveryFailed, true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, b := newScene(t), laptop
			o := s.begin(&b)
			s.a.settle(s.now, o.Dispatch, Handover{Delivery: tt.went, Sender: "one"})
			for i, r := range tt.reports {
				if news := s.a.report(o.Dispatch.ID, Report{Sender: "one", Became: r}); news != tt.news[i] {
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
	s.a.settle(s.now, first.Dispatch, Handover{Delivery: DeliverySent, Sender: "one"})
	s.now = s.now.Add(s.p.ResendAfter)
	second := s.send(&b)
	s.a.settle(s.now, second.Dispatch, Handover{Delivery: DeliverySent, Sender: "one"})
	s.a.report(first.Dispatch.ID, Report{Sender: "one", Became: DeliveryUndelivered})
	if o := s.begin(&b); o.Standing.Delivery != DeliverySent || o.Standing.ResendIn == 0 {
		t.Errorf("told %q, another text in %s", o.Standing.Delivery, o.Standing.ResendIn)
	}
	if s.a.report("somebody else's", Report{Sender: "one", Became: DeliveryDelivered}) {
		t.Error("a report of another account's text is news")
	}
}

// A text that nobody is sending any more is not called on its way, and what is told of it later still counts.
func TestUnsettledText(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	d := s.begin(&b).Dispatch
	s.now = s.now.Add(MaxSending - 1)
	if o := s.begin(&b); o.Standing.Delivery != DeliverySending {
		t.Errorf("just before: %s", o.Standing.Delivery)
	}
	s.now = s.now.Add(1)
	o := s.begin(&b)
	s.want("the challenge waits", o, Waiting)
	if o.Standing.Delivery != DeliveryUnknown {
		t.Errorf("afterwards: %s", o.Standing.Delivery)
	}
	s.want("the pause holds, the text may have been sent", s.send(&b), Limited)
	s.a.settle(s.now, d, Handover{Delivery: DeliverySent, Sender: "one"})
	if o = s.begin(&b); o.Standing.Delivery != DeliverySent {
		t.Errorf("settled late: %s", o.Standing.Delivery)
	}
}

// An order that was taken back leaves nothing to wait for.
func TestTakeBack(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	first := s.begin(&b)
	s.a.takeBack(first.Dispatch.ID)
	s.want("its code is no code", s.try(b, rightMark, true), Expired)
	again := s.begin(&b)
	s.want("a reload texts at once", again, Sending)
	s.a.settle(s.now, again.Dispatch, Handover{Delivery: DeliverySent, Sender: "one"})
	s.now = s.now.Add(s.p.ResendAfter)
	s.a.takeBack(s.send(&b).Dispatch.ID)
	s.want("the button is free", s.send(&b), Sending)
	s.a.takeBack("never ordered")
	s.want("the code of the text before holds", s.try(b, rightMark, true), Right)
}
