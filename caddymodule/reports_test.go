package caddymodule_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// reportsAt is where the sites of these tests take reports.
const reportsAt = "/sms/reports"

// reporter is a provider that reports what became of texts.
type reporter struct {
	*providers.Provider
	name   string
	sender string // its block; %s is the site's address
	// report makes a report signed with a secret, "" for the right one, for the site's address.
	report func(site, secret, id, state string, at time.Time) *http.Request
	// states are the provider's words for delivered and for given up.
	delivered, lost string
	// timed is whether a report that was recorded can be told by its age.
	timed bool
}

// startReporters starts one of each kind: every sender whose reports can be verified.
func startReporters(t *testing.T) []reporter {
	t.Helper()
	d, w, v, g := providers.StartDexatel(t), providers.StartTwilio(t), providers.StartVonage(t), providers.StartTelnyx(t)
	later := providers.StartDexatelOf(t, providers.DexatelOf2026)
	dexatel := fmt.Sprintf("sender dexatel {\napi_key %s\nfrom Acme\nbase_url %s\nreport_secret %s\n}",
		d.Key, d.URL, reportSecret)
	twilio := fmt.Sprintf("sender twilio {\naccount_sid %s\nauth_token %s\nfrom Acme\nbase_url %s\nreport_url ",
		w.AccountSID, w.AuthToken, w.URL)
	vonage := fmt.Sprintf("sender vonage {\napi_key %s\napi_secret %s\nfrom Acme\nbase_url %s\n"+
		"signature_secret %s\nreport_url ", v.Key, v.Secret, v.URL, reportSecret)
	return []reporter{
		{
			d.Provider, "dexatel", dexatel + "\n# %s",
			func(_, secret, id, state string, at time.Time) *http.Request {
				return d.DeliveryEvent(otherwise(secret, reportSecret), id, state, at)
			}, "delivered", "failed", true,
		},
		{
			later.Provider, "dexatel", strings.Replace(dexatel, d.URL, later.URL, 1) + "\n# %s",
			func(_, secret, id, state string, at time.Time) *http.Request {
				return later.DeliveryEvent(otherwise(secret, reportSecret), id, state, at)
			}, "delivered", "failed", true,
		},
		{
			w.Provider, "twilio", twilio + "%s" + reportsAt + "\n}",
			func(site, secret, id, state string, _ time.Time) *http.Request {
				return w.StatusReport(site+reportsAt, otherwise(secret, w.AuthToken), id, state)
			}, "delivered", "undelivered", false,
		},
		{
			v.Provider, "vonage", vonage + "%s" + reportsAt + "\n}",
			func(_, secret, id, state string, at time.Time) *http.Request {
				return v.Receipt("query", "sha256", otherwise(secret, reportSecret), id, state, at)
			}, "delivered", "failed", true,
		},
		{
			g, "mine",
			fmt.Sprintf(`sender http {
				name mine
				url %s/v2/messages
				auth bearer %s
				json <<JSON
					{"from": "Acme", "to": "{to}", "text": "{text}", "type": "SMS"}
					JSON
				message_id json /data/id
				reports {
					hmac sha256 %s X-Signature
					signed {timestamp}.{body}
					timestamp X-Timestamp
					message_id json /id
					state json /state
					delivered arrived
					failed lost
				}
			}`, g.URL, providers.Password, reportSecret) + "\n# %s",
			func(_, secret, id, state string, at time.Time) *http.Request {
				body, stamp := fmt.Sprintf(`{"id":%q,"state":%q}`, id, state), strconv.FormatInt(at.Unix(), 10)
				mac := hmac.New(sha256.New, []byte(otherwise(secret, reportSecret)))
				mac.Write([]byte(stamp + "." + body))
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
				r.Header = http.Header{"X-Timestamp": {stamp}, "X-Signature": {hex.EncodeToString(mac.Sum(nil))}}
				return r
			}, "arrived", "lost", true,
		},
	}
}

func otherwise(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// setup is a site that this provider reports to.
func (p reporter) setup(t *testing.T, directive string) setup {
	listen := "http://" + strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "localhost", 1)
	return setup{
		listen: listen, senders: fmt.Sprintf(p.sender, listen), directive: directive,
		site: "sms_2fa_reports " + reportsAt + " " + p.name,
	}
}

// reports hands a report to the site, without a password.
func (s *site) reports(t *testing.T, r *http.Request) int {
	t.Helper()
	body, _ := io.ReadAll(r.Body)
	address := s.URL + reportsAt + strings.TrimPrefix(r.URL.RequestURI(), "/")
	q, err := http.NewRequest(r.Method, address, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	q.Header = r.Header.Clone()
	res, err := s.visitor(t, "").http.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// A report moves the challenge, once: what is not signed, signed by somebody else, recorded, or about nobody's text
// changes nothing, and neither does what comes late or twice.
func TestReportsMoveTheChallenge(t *testing.T) {
	t.Parallel()
	for _, p := range startReporters(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, p.setup(t, ""))
			v := s.visitor(t, "alice")
			v.open("/")
			id, now := p.Wait(t, 1).ID, time.Now()
			stays := func(what, want string, wantStatus int, r *http.Request) {
				t.Helper()
				if status := s.reports(t, r); status != wantStatus {
					t.Errorf("%s: status %d, want %d", what, status, wantStatus)
				}
				if got := v.delivery(); got != want {
					t.Errorf("%s: delivery is %q, want %q", what, got, want)
				}
			}
			bare := p.report(s.URL, "", id, p.delivered, now)
			bare.Header = http.Header{"Content-Type": bare.Header["Content-Type"]}
			bare.URL.RawQuery = strings.Split(bare.URL.RawQuery, "&sig=")[0]
			stays("without a signature", "sent", http.StatusForbidden, bare)
			forged := p.report(s.URL, "another-secret-of-some-length", id, p.delivered, now)
			stays("signed by somebody else", "sent", http.StatusForbidden, forged)
			foreign := p.report(s.URL, "", "SM"+strings.Repeat("9", 32), p.delivered, now)
			stays("about nobody's text", "sent", http.StatusNoContent, foreign)
			stays("of an unknown state", "sent", http.StatusNoContent, p.report(s.URL, "", id, "pondered", now))
			if p.timed {
				old := p.report(s.URL, "", id, p.delivered, now.Add(-25*time.Hour))
				stays("recorded long ago", "sent", http.StatusForbidden, old)
			}
			stays("delivered", "delivered", http.StatusNoContent, p.report(s.URL, "", id, p.delivered, now))
			again := p.report(s.URL, "", id, p.delivered, now)
			stays("delivered, recorded and sent again", "delivered", http.StatusNoContent, again)
			stays("given up after it was delivered", "delivered", http.StatusNoContent, p.report(s.URL, "", id, p.lost, now))
			if page := v.open("/"); !strings.Contains(page.body, "was delivered to") {
				t.Errorf("the page: status %d, %s", page.status, page.body)
			}
			s.counted(t, p.name, map[string]int{"forged": 2, "foreign": 1, "delivered": 1, "repeated": 2})
			s.AwaitLog(t, "text delivered")
			said := s.Log() + s.Get("/metrics")
			if strings.Contains(said, "5005550006") || strings.Contains(said, reportSecret) {
				t.Error("a number or a secret is in the log or the metrics")
			}
		})
	}
}

// counted holds the metric of reports against what happened.
func (s *site) counted(t *testing.T, sender string, want map[string]int) {
	t.Helper()
	metrics := s.Get("/metrics")
	for result, n := range want {
		line := fmt.Sprintf("caddy_sms_2fa_reports_total{result=%q,sender=%q} %d\n", result, sender, n)
		if !strings.Contains(metrics, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

// A text that was given up frees the resend at once, which repeats the code; the report of the old text says nothing
// of the new one.
func TestLostTextFreesTheResend(t *testing.T) {
	t.Parallel()
	for _, p := range startReporters(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, p.setup(t, ""))
			v := s.visitor(t, "alice")
			page := v.open("/")
			first := p.Wait(t, 1)
			if a := v.resend(page, "/"); a.status != http.StatusTooManyRequests {
				t.Errorf("before the report: status %d", a.status)
			}
			if status := s.reports(t, p.report(s.URL, "", first.ID, p.lost, time.Now())); status != http.StatusNoContent {
				t.Fatalf("report: status %d", status)
			}
			if page = v.open("/"); !strings.Contains(page.body, "was not delivered") {
				t.Errorf("the page: status %d, %s", page.status, page.body)
			}
			if a := v.resend(page, "/"); a.status != http.StatusSeeOther {
				t.Fatalf("after the report: status %d", a.status)
			}
			second := p.Wait(t, 2)
			if second.CodeInText() != first.CodeInText() {
				t.Error("the second text has another code")
			}
			s.reports(t, p.report(s.URL, "", first.ID, p.lost, time.Now()))
			if got := v.delivery(); got != "sent" {
				t.Errorf("the old report again: delivery is %q", got)
			}
			if a := v.submit(v.open("/"), "/", first.CodeInText()); a.status != http.StatusSeeOther {
				t.Errorf("the code: status %d", a.status)
			}
		})
	}
}

// A text that was lost, or of which nobody knows, is followed by one of the next sender where the operator wants that,
// and by one of the same sender otherwise.
func TestResendVia(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, option  string
		mood          providers.Mood
		first, second int // texts in the end
	}{
		{"lost, same", "", providers.Behave, 2, 0},
		{"lost, next", "resend_via next", providers.Behave, 1, 1},
		{"unknown, same", "", providers.AcceptThen500, 2, 0},
		{"unknown, next", "resend_via next", providers.AcceptThen500, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			first, second := providers.StartDexatel(t), providers.StartDexatel(t)
			first.Misbehave(tt.mood)
			s := startSite(t, setup{
				provider: first, sender: "report_secret " + reportSecret, global: secondSender(second, ""),
				site: "sms_2fa_reports " + reportsAt + " dexatel", directive: "resend_after 1s\n" + tt.option,
			})
			v := s.visitor(t, "alice")
			v.open("/")
			text := first.Wait(t, 1)
			first.Misbehave(providers.Behave)
			if tt.mood == providers.Behave {
				s.reports(t, first.DeliveryEvent(reportSecret, text.ID, "expired", time.Now()))
			} else {
				testenv.Await(t, "delivery is unknown", func() bool { return v.delivery() == "unknown" })
				time.Sleep(1100 * time.Millisecond)
			}
			if a := v.resend(v.open("/"), "/"); a.status != http.StatusSeeOther {
				t.Fatalf("resend: status %d", a.status)
			}
			texts := append(first.Texts(), second.Texts()...)
			if len(first.Texts()) != tt.first || len(second.Texts()) != tt.second {
				t.Fatalf("%d and %d texts", len(first.Texts()), len(second.Texts()))
			}
			if texts[0].CodeInText() != texts[1].CodeInText() {
				t.Error("the second text has another code")
			}
		})
	}
}

// What is mounted wrongly is refused when the configuration is loaded, and what is no report when it comes.
func TestReportsAreMountedRightly(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{sender: "report_secret " + reportSecret, site: "sms_2fa_reports " + reportsAt + " dexatel"})
	a := s.visitor(t, "").do(http.MethodPut, reportsAt, nil, "")
	if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET, POST" {
		t.Errorf("PUT: status %d", a.status)
	}
	large := s.provider.DeliveryEvent(reportSecret, strings.Repeat("x", 70<<10), "delivered", time.Now())
	if status := s.reports(t, large); status != http.StatusBadRequest {
		t.Errorf("70 kB: status %d", status)
	}
	for name, tt := range map[string]struct{ sender, site, want string }{
		"no such sender": {"", "sms_2fa_reports /r twilio", `there is no sender of the name \"twilio\"`},
		"no secret":      {"", "sms_2fa_reports /r dexatel", "report_secret: it is missing"},
		"no reports":     {"", "sms_2fa_reports /r log", "has no reports that could be verified"},
		"no name":        {"", "sms_2fa_reports /r", "expected the name of a sender"},
		"a block":        {"", "sms_2fa_reports /r dexatel {\nsecret x\n}", "has no options of its own"},
	} {
		bad := setup{provider: s.provider, listen: s.URL, sender: tt.sender, global: "sender log", site: tt.site}
		if err := s.Reload(bad.caddyfile()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
