package sms_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	neturl "net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// twilioWith starts Twilio, and makes senders in one of the ways that Twilio has.
func twilioWith(change func(*sms.TwilioOptions, *providers.Twilio)) starter {
	return func(t *testing.T) (*providers.Provider, senderAt, []string) {
		p := providers.StartTwilio(t)
		return p.Provider, func(url string) (sms.Sender, error) {
			o := sms.TwilioOptions{
				AccountSID: p.AccountSID, AuthToken: p.AuthToken, BaseURL: url, VerifyURL: url, Timeout: timeout,
			}
			change(&o, p)
			return sms.NewTwilio(o)
		}, []string{p.AuthToken, p.APISecret}
	}
}

func newTwilio(t *testing.T, p *providers.Twilio, change func(*sms.TwilioOptions, *providers.Twilio)) *sms.Twilio {
	t.Helper()
	o := sms.TwilioOptions{
		AccountSID: p.AccountSID, AuthToken: p.AuthToken, BaseURL: p.URL, VerifyURL: p.URL, Timeout: timeout,
	}
	change(&o, p)
	s, err := sms.NewTwilio(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asMessage(o *sms.TwilioOptions, _ *providers.Twilio) { o.From = "+15005550001" }
func asService(o *sms.TwilioOptions, p *providers.Twilio) {
	o.MessagingServiceSID = p.MessagingServiceSID
}

func asVerify(o *sms.TwilioOptions, p *providers.Twilio)   { o.VerifyServiceSID = p.VerifyServiceSID }
func asChecking(o *sms.TwilioOptions, p *providers.Twilio) { asVerify(o, p); o.Remote = true }

var twilioCodes = map[sms.Class][]string{
	sms.Account:       {"10001"},
	sms.Unauthorized:  {"20003"},
	sms.InvalidNumber: {"21211", "21265", "21266", "21614", "21635", "60200", "60205"},
	sms.Config: {
		"20404", "21212", "21603", "21606", "21608", "21609", "21617", "21659", "21660", "60201", "60204",
	},
	sms.Blocked:     {"21408", "21610", "21612", "60410", "60412", "60605"},
	sms.RateLimited: {"20429", "60202", "60203", "60207", "60212"},
}

func init() {
	for name, way := range map[string]func(*sms.TwilioOptions, *providers.Twilio){
		"twilio": asMessage, "twilio by a messaging service": asService, "twilio verify": asVerify,
		"twilio verify, checking": asChecking,
	} {
		everyProvider = append(everyProvider, provider{name, twilioWith(way), twilioCodes, "29999", ""})
	}
}

func TestTwilioContract(t *testing.T) {
	t.Parallel()
	p := providers.StartTwilio(t)
	tests := []struct {
		name string
		way  func(*sms.TwilioOptions, *providers.Twilio)
		want providers.Text
	}{
		{"message", asMessage, providers.Text{From: "+15005550001", Text: message.Text}},
		{"messaging service", asService, providers.Text{From: p.MessagingServiceSID, Text: message.Text}},
		{"with reports", func(o *sms.TwilioOptions, p *providers.Twilio) {
			asMessage(o, p)
			o.ReportURL = "https://app.example.com/r"
		}, providers.Text{From: "+15005550001", Text: message.Text, Callback: "https://app.example.com/r"}},
		{"by an API key", func(o *sms.TwilioOptions, p *providers.Twilio) {
			asMessage(o, p)
			o.APIKey, o.APISecret, o.AuthToken = p.APIKey, p.APISecret, ""
		}, providers.Text{From: "+15005550001", Text: message.Text}},
		{"verify", asVerify, providers.Text{Template: p.VerifyServiceSID, Code: message.Code}},
	}
	for i, tt := range tests {
		receipt, err := newTwilio(t, p, tt.way).Send(t.Context(), message)
		got := p.Wait(t, i+1)
		if err != nil || receipt.ID != got.ID {
			t.Errorf("%s: receipt %+v, %v", tt.name, receipt, err)
		}
		if got.To != "+15005550006" || got.From != tt.want.From || got.Text != tt.want.Text ||
			got.Code != tt.want.Code ||
			got.Template != tt.want.Template || got.Callback != tt.want.Callback {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// With an API key, requests are sent with the secret of the key and not with the auth token.
func TestTwilioKey(t *testing.T) {
	t.Parallel()
	p := providers.StartTwilio(t)
	s := newTwilio(t, p, func(o *sms.TwilioOptions, p *providers.Twilio) {
		asMessage(o, p)
		o.APIKey, o.APISecret = p.APIKey, p.AuthToken
	})
	_, err := s.Send(t.Context(), message)
	judge(t, err, sms.Unauthorized, []string{p.AuthToken})
}

// The ValidityPeriod is the time that the code holds, and at least a second, the least that Twilio accepts.
func TestTwilioValidity(t *testing.T) {
	t.Parallel()
	url, last := echo(t, http.StatusCreated, nil, `{"sid":"SM1","status":"queued"}`)
	_, make, _ := twilioWith(asMessage)(t)
	for ttl, want := range map[time.Duration]string{5 * time.Minute: "300", time.Millisecond: "1"} {
		m := message
		m.TTL = ttl
		if _, err := mustSender(t, make, url).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if form, _ := neturl.ParseQuery(last().body); form.Get("ValidityPeriod") != want {
			t.Errorf("%s: validity %q, want %q", ttl, form.Get("ValidityPeriod"), want)
		}
	}
}

// Messages go to the address base_url and verifications to verify_url.
func TestTwilioServers(t *testing.T) {
	t.Parallel()
	messages, verify := providers.StartTwilio(t), providers.StartTwilio(t)
	for _, tt := range []struct {
		name          string
		way           func(*sms.TwilioOptions, *providers.Twilio)
		here, notHere *providers.Twilio
	}{
		{"message", asMessage, messages, verify},
		{"messaging service", asService, messages, verify},
		{"verify", asVerify, verify, messages},
		{"verify, checking", asChecking, verify, messages},
	} {
		s := newTwilio(t, messages, func(o *sms.TwilioOptions, p *providers.Twilio) {
			tt.way(o, p)
			o.VerifyURL = verify.URL
		})
		before, _ := tt.notHere.Requests()
		receipt, err := s.Send(t.Context(), message)
		if err != nil || tt.here.Texts()[len(tt.here.Texts())-1].ID != receipt.ID {
			t.Errorf("%s: %v, %v", tt.name, receipt, err)
		}
		if s.MakesCodes() {
			_, err = s.Check(t.Context(), message.To, []string{receipt.ID}, "000000")
		} else if s.Confirms() {
			err = s.Confirm(t.Context(), receipt.ID)
		}
		if after, _ := tt.notHere.Requests(); err != nil || after != before {
			t.Errorf("%s: %v, %d requests at the other server", tt.name, err, after-before)
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
		"verify_service_sid": func(o *sms.TwilioOptions) {
			o.From, o.VerifyServiceSID = "", "VA"+strings.Repeat("3", 32)
		},
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
