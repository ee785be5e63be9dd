package sms_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func TestTwilioReports(t *testing.T) {
	t.Parallel()
	const at = "https://app.example.com/sms/status"
	p := providers.StartTwilio(t)
	s := newTwilio(t, p, func(o *sms.TwilioOptions, p *providers.Twilio) { asMessage(o, p); o.ReportURL = at })
	id := "SM" + strings.Repeat("0", 32)
	report := func(status string) *http.Request { return p.StatusReport(at, p.AuthToken, id, status) }
	changed := func(r *http.Request, old, new string) *http.Request {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(string(body), old, new)))
		return r
	}
	tests := []struct {
		name string
		r    *http.Request
		want []sms.Report
		err  error
	}{
		{"delivered", report("delivered"), []sms.Report{{ID: id, State: sms.Delivered}}, nil},
		{"undelivered", report("undelivered"), []sms.Report{{ID: id, State: sms.Undelivered, Code: "30003"}}, nil},
		{"sent", report("sent"), []sms.Report{{ID: id, State: sms.Sent}}, nil},
		{"queued", report("queued"), nil, nil},
		{"in capitals", report("DELIVERED"), []sms.Report{{ID: id, State: sms.Delivered}}, nil},
		{"read", report("read"), []sms.Report{{ID: id, State: sms.Delivered}}, nil},
		{"failed", report("failed"), []sms.Report{{ID: id, State: sms.Undelivered, Code: "30003"}}, nil},
		{"canceled", report("canceled"), []sms.Report{{ID: id, State: sms.Undelivered}}, nil},
		{
			"signed with the port", p.StatusReport("https://app.example.com:443/sms/status", p.AuthToken, id, "sent"),
			[]sms.Report{{ID: id, State: sms.Sent}},
			nil,
		},
		{"signed for another port", p.StatusReport("https://app.example.com:8443/sms/status", p.AuthToken, id,
			"sent"), nil, sms.ErrForged},
		{
			"signed for another address", p.StatusReport("https://evil.example/sms/status", p.AuthToken, id, "sent"),
			nil, sms.ErrForged,
		},
		{"signed with another token", p.StatusReport(at, "other", id, "sent"), nil, sms.ErrForged},
		{"changed on its way", changed(report("undelivered"), "undelivered", "delivered"), nil, sms.ErrForged},
		{"another text's", changed(report("delivered"), id, "SM"+strings.Repeat("9", 32)), nil, sms.ErrForged},
		{"not signed", httptest.NewRequest(http.MethodPost, "/",
			strings.NewReader("MessageSid="+id+"&MessageStatus=delivered")), nil, sms.ErrForged},
		{"of another account", changedAccount(p, at, id), nil, sms.ErrUnreadable},
	}
	for _, tt := range tests {
		tt.r.Host = "evil.example"
		body, _ := io.ReadAll(tt.r.Body)
		got, err := s.ReadReports(tt.r, body, time.Now())
		if !errors.Is(err, tt.err) || len(got) != len(tt.want) || len(got) == 1 && got[0] != tt.want[0] {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

// changedAccount is a report for another account, signed with the token of the configured account.
func changedAccount(p *providers.Twilio, at, id string) *http.Request {
	other := &providers.Twilio{AccountSID: "AC" + strings.Repeat("8", 32)}
	return other.StatusReport(at, p.AuthToken, id, "delivered")
}

// A test vector for the algorithm of the signature: a token, an address and three fields.
func TestTwilioSignatureVector(t *testing.T) {
	t.Parallel()
	s, err := sms.NewTwilio(sms.TwilioOptions{
		AccountSID: "AC" + strings.Repeat("1", 32), AuthToken: "12345", From: "Acme",
		ReportURL: "https://example.com/sms/status",
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("X-Twilio-Signature", "vg5+iUldLyB1AoGoDrcOVtGxKfs=")
	body := "MessageSid=SM" + strings.Repeat("0", 32) + "&MessageStatus=delivered&To=%2B15005550006"
	if got, err := s.ReadReports(r, []byte(body), time.Now()); err != nil || len(got) != 1 ||
		got[0].State != sms.Delivered {
		t.Errorf("%+v, %v", got, err)
	}
}
