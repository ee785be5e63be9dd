package otp_test

import (
	"testing"

	"github.com/caddy-sms-2fa/gateway/otp"
)

// A report finds its text by our own name for it, before the sender has said what it calls the text.
func TestReportFindsItsTextByReference(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	p := otp.DefaultPolicy()
	o, err := v.Begin(t.Context(), alice, otp.Ticket{Browser: otp.BrowserID{1}}, p, number)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.ExpectReports(t.Context(), alice, o.Dispatch, "one"); err != nil {
		t.Fatal(err)
	}
	policy := func(string) otp.Policy { return p }
	for _, tt := range []struct {
		sender, id, reference string
		known                 bool
	}{
		{"one", "", "", false},
		{"one", "SM1", "another", false},
		{"two", "SM1", o.Dispatch.ID, false},
		{"one", "SM1", o.Dispatch.ID, true},
		{"one", "", o.Dispatch.ID, true},
	} {
		report := otp.Report{Sender: tt.sender, ID: tt.id, Reference: tt.reference, Became: otp.DeliveryDelivered}
		r, err := v.Report(t.Context(), report, policy)
		if err != nil || r.Known != tt.known || r.Known && (r.Text != o.Dispatch.ID || r.Zone != alice.Zone) {
			t.Errorf("%s %q %q: %+v, %v", tt.sender, tt.id, tt.reference, r, err)
		}
	}
}

func TestReportFindsItsText(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	p := otp.DefaultPolicy()
	ticket := otp.Ticket{Browser: otp.BrowserID{1}}
	o, err := v.Begin(t.Context(), alice, ticket, p, number)
	if err != nil {
		t.Fatal(err)
	}
	ticket.Challenge = o.Challenge.ID
	sent := otp.Handover{Delivery: otp.DeliverySent, Sender: "one", ReportID: "SM1"}
	if _, err := v.Settle(t.Context(), alice, p, o.Dispatch, sent); err != nil {
		t.Fatal(err)
	}
	policy := func(zone string) otp.Policy {
		if zone != alice.Zone {
			t.Errorf("zone %q", zone)
		}
		return p
	}
	for _, tt := range []struct {
		sender, name string
		known, news  bool
	}{
		{"one", "SM2", false, false},
		{"two", "SM1", false, false},
		{"one", "SM1", true, true},
		{"one", "SM1", true, false},
	} {
		r, err := v.Report(t.Context(), otp.Report{Sender: tt.sender, ID: tt.name, Became: otp.DeliveryDelivered}, policy)
		if err != nil || r.Known != tt.known || r.News != tt.news {
			t.Errorf("%s %s: %+v, %v", tt.sender, tt.name, r, err)
		}
	}
	o, err = v.Look(t.Context(), alice, ticket, p, number)
	if err != nil || o.Standing.Delivery != otp.DeliveryDelivered {
		t.Errorf("told %q, %v", o.Standing.Delivery, err)
	}
}
