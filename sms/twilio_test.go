package sms_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// twilioWith makes a sender in one of its ways.
func twilioWith(change func(*sms.TwilioOptions, *testenv.Twilio)) func(t *testing.T) (*testenv.Provider, func(string) (sms.Sender, error), []string) {
	return func(t *testing.T) (*testenv.Provider, func(string) (sms.Sender, error), []string) {
		p := testenv.StartTwilio(t)
		return p.Provider, func(url string) (sms.Sender, error) {
			o := sms.TwilioOptions{AccountSID: p.AccountSID, AuthToken: p.AuthToken, BaseURL: url, VerifyURL: url, Timeout: timeout}
			change(&o, p)
			return sms.NewTwilio(o)
		}, []string{p.AuthToken}
	}
}

func newTwilio(t *testing.T, p *testenv.Twilio, change func(*sms.TwilioOptions, *testenv.Twilio)) *sms.Twilio {
	t.Helper()
	o := sms.TwilioOptions{AccountSID: p.AccountSID, AuthToken: p.AuthToken, BaseURL: p.URL, VerifyURL: p.URL, Timeout: timeout}
	change(&o, p)
	s, err := sms.NewTwilio(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asMessage(o *sms.TwilioOptions, _ *testenv.Twilio) { o.From = "+15005550001" }
func asService(o *sms.TwilioOptions, p *testenv.Twilio) {
	o.MessagingServiceSID = p.MessagingServiceSID
}
func asVerify(o *sms.TwilioOptions, p *testenv.Twilio)   { o.VerifyServiceSID = p.VerifyServiceSID }
func asChecking(o *sms.TwilioOptions, p *testenv.Twilio) { asVerify(o, p); o.Remote = true }

var twilioCodes = map[sms.Class][]string{
	sms.Account:       {"10001"},
	sms.Unauthorized:  {"20003"},
	sms.InvalidNumber: {"21211", "21265", "21266", "21614", "21635", "60200", "60205"},
	sms.Config:        {"20404", "21212", "21603", "21606", "21608", "21609", "21617", "21659", "21660", "60201", "60204"},
	sms.Blocked:       {"21408", "21610", "21612", "60410", "60412", "60605"},
	sms.RateLimited:   {"20429", "60202", "60203", "60207", "60212"},
}

func init() {
	for name, way := range map[string]func(*sms.TwilioOptions, *testenv.Twilio){
		"twilio": asMessage, "twilio by a messaging service": asService, "twilio verify": asVerify, "twilio verify, checking": asChecking,
	} {
		providers = append(providers, provider{name, twilioWith(way), twilioCodes, "29999", ""})
	}
}

func TestTwilioContract(t *testing.T) {
	t.Parallel()
	p := testenv.StartTwilio(t)
	tests := []struct {
		name string
		way  func(*sms.TwilioOptions, *testenv.Twilio)
		want testenv.Text
	}{
		{"message", asMessage, testenv.Text{From: "+15005550001", Text: message.Text}},
		{"messaging service", asService, testenv.Text{From: p.MessagingServiceSID, Text: message.Text}},
		{"with reports", func(o *sms.TwilioOptions, p *testenv.Twilio) {
			asMessage(o, p)
			o.ReportURL = "https://app.example.com/r"
		},
			testenv.Text{From: "+15005550001", Text: message.Text, Callback: "https://app.example.com/r"}},
		{"by an API key", func(o *sms.TwilioOptions, p *testenv.Twilio) {
			asMessage(o, p)
			o.APIKey, o.APISecret, o.AuthToken = p.AccountSID, p.AuthToken, ""
		}, testenv.Text{From: "+15005550001", Text: message.Text}},
		{"verify", asVerify, testenv.Text{Template: p.VerifyServiceSID, Code: message.Code}},
	}
	for i, tt := range tests {
		receipt, err := newTwilio(t, p, tt.way).Send(t.Context(), message)
		got := p.Wait(t, i+1)
		if err != nil || receipt.ID != got.ID {
			t.Errorf("%s: receipt %+v, %v", tt.name, receipt, err)
		}
		if got.To != "+15005550006" || got.From != tt.want.From || got.Text != tt.want.Text || got.Code != tt.want.Code ||
			got.Template != tt.want.Template || got.Callback != tt.want.Callback {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// Twilio can accept a request and refuse the text in the same answer.
func TestTwilioRefusesWithin201(t *testing.T) {
	t.Parallel()
	for body, class := range map[string]sms.Class{
		`{"sid":"SM1","status":"failed","error_code":21610}`:      sms.Blocked,
		`{"sid":"SM1","status":"undelivered","error_code":21614}`: sms.InvalidNumber,
		`{"sid":"SM1","status":"canceled","error_code":null}`:     sms.Blocked,
		`{"sid":"SM1","status":"accepted","error_code":null}`:     "",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, body)
		}))
		_, make, secrets := twilioWith(asMessage)(t)
		_, err := mustSender(t, make, server.URL).Send(t.Context(), message)
		judge(t, err, class, secrets)
		server.Close()
	}
}

func TestTwilioChecks(t *testing.T) {
	t.Parallel()
	p := testenv.StartTwilio(t)
	s := newTwilio(t, p, asChecking)
	if !s.MakesCodes() || s.Confirms() {
		t.Error("Twilio makes the codes, and knows itself which are right")
	}
	if _, err := s.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	code, id := p.Wait(t, 1).Code, p.Wait(t, 1).ID
	if _, err := s.Send(t.Context(), message); err != nil || p.Wait(t, 2).Code != code {
		t.Errorf("the second text has another code, %v", err)
	}
	for _, tt := range []struct {
		name, code string
		want       bool
	}{{"wrong", "000000", false}, {"right", code, true}, {"again", code, false}} {
		if right, err := s.Check(t.Context(), message.To, id, tt.code); err != nil || right != tt.want {
			t.Errorf("%s: %v, %v", tt.name, right, err)
		}
	}
	_, _ = s.Send(t.Context(), message)
	code, id = p.Wait(t, 3).Code, p.Wait(t, 3).ID
	for range 5 {
		_, _ = s.Check(t.Context(), message.To, id, "000000")
	}
	if right, err := s.Check(t.Context(), message.To, id, code); right || err != nil {
		t.Errorf("right after five wrong ones: %v, %v; Twilio's own limit counts", right, err)
	}
	p = testenv.StartTwilio(t)
	s = newTwilio(t, p, asChecking)
	_, _ = s.Send(t.Context(), message)
	id = p.Wait(t, 1).ID
	for mood, class := range map[testenv.Mood]sms.Class{
		testenv.Unauthorized: sms.Unauthorized, testenv.TooMany: sms.RateLimited, testenv.Error500: sms.Ambiguous, testenv.Hang: sms.Ambiguous,
		testenv.GzipBomb: sms.Ambiguous, testenv.Redirect: sms.Config,
	} {
		p.Misbehave(mood)
		right, err := s.Check(t.Context(), message.To, id, code)
		if right {
			t.Errorf("%s: the code counts as right", mood)
		}
		judge(t, err, class, []string{p.AuthToken, code})
	}
}

func TestTwilioIsToldOfRightCodes(t *testing.T) {
	t.Parallel()
	p := testenv.StartTwilio(t)
	s := newTwilio(t, p, asVerify)
	receipt, err := s.Send(t.Context(), message)
	if err != nil || !s.Confirms() {
		t.Fatal(err)
	}
	if err := s.Confirm(t.Context(), receipt.ID); err != nil || len(p.Approved()) != 1 || p.Approved()[0] != receipt.ID {
		t.Errorf("approved %v, %v", p.Approved(), err)
	}
	judge(t, s.Confirm(t.Context(), receipt.ID), sms.Config, []string{p.AuthToken})
	for _, odd := range []string{"", "../Messages", "VE1", receipt.ID + "/x"} {
		before, _ := p.Requests()
		if err := s.Confirm(t.Context(), odd); err != nil {
			t.Errorf("%q: %v", odd, err)
		}
		if after, _ := p.Requests(); after != before {
			t.Errorf("%q became part of an address", odd)
		}
	}
}

func TestTwilioReports(t *testing.T) {
	t.Parallel()
	const at = "https://app.example.com/sms/status"
	p := testenv.StartTwilio(t)
	s := newTwilio(t, p, func(o *sms.TwilioOptions, p *testenv.Twilio) { asMessage(o, p); o.ReportURL = at })
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
		{"signed with the port", p.StatusReport("https://app.example.com:443/sms/status", p.AuthToken, id, "sent"), []sms.Report{{ID: id, State: sms.Sent}}, nil},
		{"signed for another port", p.StatusReport("https://app.example.com:8443/sms/status", p.AuthToken, id, "sent"), nil, sms.ErrForged},
		{"signed for another address", p.StatusReport("https://evil.example/sms/status", p.AuthToken, id, "sent"), nil, sms.ErrForged},
		{"signed with another token", p.StatusReport(at, "other", id, "sent"), nil, sms.ErrForged},
		{"changed on its way", changed(report("undelivered"), "undelivered", "delivered"), nil, sms.ErrForged},
		{"another text's", changed(report("delivered"), id, "SM"+strings.Repeat("9", 32)), nil, sms.ErrForged},
		{"not signed", httptest.NewRequest(http.MethodPost, "/", strings.NewReader("MessageSid="+id+"&MessageStatus=delivered")), nil, sms.ErrForged},
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

// changedAccount is a report signed with our token for somebody else's account.
func changedAccount(p *testenv.Twilio, at, id string) *http.Request {
	other := &testenv.Twilio{AccountSID: "AC" + strings.Repeat("8", 32)}
	return other.StatusReport(at, p.AuthToken, id, "delivered")
}

// The vector of the algorithm: token, address and three fields.
func TestTwilioSignatureVector(t *testing.T) {
	t.Parallel()
	s, err := sms.NewTwilio(sms.TwilioOptions{
		AccountSID: "AC" + strings.Repeat("1", 32), AuthToken: "12345", From: "Acme", ReportURL: "https://example.com/sms/status",
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("X-Twilio-Signature", "vg5+iUldLyB1AoGoDrcOVtGxKfs=")
	body := "MessageSid=SM" + strings.Repeat("0", 32) + "&MessageStatus=delivered&To=%2B15005550006"
	if got, err := s.ReadReports(r, []byte(body), time.Now()); err != nil || len(got) != 1 || got[0].State != sms.Delivered {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTwilioOptions(t *testing.T) {
	t.Parallel()
	good := sms.TwilioOptions{AccountSID: "AC" + strings.Repeat("1", 32), AuthToken: "t", From: "Acme"}
	for want, spoil := range map[string]func(*sms.TwilioOptions){
		"":                      func(*sms.TwilioOptions) {},
		"account_sid":           func(o *sms.TwilioOptions) { o.AccountSID = "AC/../x" },
		"auth_token":            func(o *sms.TwilioOptions) { o.AuthToken = "" },
		"api_key":               func(o *sms.TwilioOptions) { o.APIKey = "SK1" },
		"from":                  func(o *sms.TwilioOptions) { o.From = "" },
		"messaging_service_sid": func(o *sms.TwilioOptions) { o.MessagingServiceSID = "MG1" },
		"verify_service_sid":    func(o *sms.TwilioOptions) { o.VerifyServiceSID = "VA1" },
		"check remote":          func(o *sms.TwilioOptions) { o.Remote = true },
		"base_url":              func(o *sms.TwilioOptions) { o.BaseURL = "http://api.example.com" },
		"verify_url":            func(o *sms.TwilioOptions) { o.VerifyURL = "api.example.com" },
		"report_url":            func(o *sms.TwilioOptions) { o.ReportURL = "/sms/reports" },
	} {
		o := good
		spoil(&o)
		_, err := sms.NewTwilio(o)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want+":")) {
			t.Errorf("error %v does not name %q", err, want)
		}
	}
	for want, change := range map[string]func(*sms.TwilioOptions){
		"report_url": func(*sms.TwilioOptions) {},
		"auth_token": func(o *sms.TwilioOptions) {
			o.ReportURL, o.AuthToken, o.APIKey, o.APISecret = "https://a.example/", "", "SK1", "s"
		},
		"verify_service_sid": func(o *sms.TwilioOptions) { o.From, o.VerifyServiceSID = "", "VA"+strings.Repeat("3", 32) },
	} {
		o := good
		change(&o)
		s, err := sms.NewTwilio(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Reports(); err == nil || !strings.HasPrefix(err.Error(), want+":") {
			t.Errorf("error %v does not name %q", err, want)
		}
	}
}
