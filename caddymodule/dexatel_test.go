package caddymodule_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// onEachRevision runs a test against each published form of Dexatel's API.
func onEachRevision(t *testing.T, test func(*testing.T, *providers.Dexatel)) {
	t.Helper()
	for _, revision := range providers.DexatelRevisions {
		t.Run(string(revision), func(t *testing.T) {
			t.Parallel()
			test(t, providers.StartDexatelOf(t, revision))
		})
	}
}

// dexatelMakesCodes are the options of a sender whose codes Dexatel makes.
const dexatelMakesCodes = "template 0a1b2c3d-0000-0000-0000-000000000000\ncheck remote\n"

// reportedSite is a site that Dexatel reports to.
func reportedSite(t *testing.T, p *providers.Dexatel, sender, directive string) *site {
	t.Helper()
	return startSite(t, setup{
		provider: p, sender: sender + "\nreport_secret " + reportSecret, directive: directive,
		site: "sms_2fa_reports " + reportsAt + " dexatel",
	})
}

// delivered hands the site Dexatel's report that a text was delivered.
func (s *site) delivered(t *testing.T, id string) {
	t.Helper()
	r := s.provider.DeliveryEvent(reportSecret, id, "delivered", time.Now())
	if status := s.reports(t, r); status != http.StatusNoContent {
		t.Errorf("report: status %d", status)
	}
}

// Whichever revision of its API Dexatel speaks: a report moves the page, and is logged with its price and network; a
// wrong code is wrong, and the right code, which Dexatel made, opens.
func TestDexatelRevisions(t *testing.T) {
	t.Parallel()
	onEachRevision(t, func(t *testing.T, p *providers.Dexatel) {
		s := reportedSite(t, p, dexatelMakesCodes, "")
		v := s.visitor(t, "alice")
		page := v.open("/")
		text := p.Wait(t, 1)
		s.delivered(t, text.ID)
		if got := v.delivery(); got != "delivered" {
			t.Errorf("delivery is %q", got)
		}
		s.AwaitLog(t, "text delivered")
		for _, want := range []string{`"price":"0.03"`, `"mccmnc":"28301"`} {
			if !strings.Contains(s.Log(), want) {
				t.Errorf("the log lacks %s", want)
			}
		}
		if a := v.submit(page, "/", wrong(text.Code)); a.status != http.StatusForbidden {
			t.Errorf("a wrong code: status %d", a.status)
		}
		if a := v.submit(v.open("/"), "/", text.Code); a.status != http.StatusSeeOther || !v.open("/").isApp() {
			t.Errorf("the right code: status %d", a.status)
		}
	})
}

// A list without codes that is the same for every code lets nobody in, with no code.
func TestDexatelListThatProvesNothing(t *testing.T) {
	t.Parallel()
	p := providers.StartDexatelOf(t, providers.DexatelOf2026)
	s := startSite(t, setup{provider: p, sender: dexatelMakesCodes})
	v := s.visitor(t, "alice")
	page := v.open("/")
	text := p.Wait(t, 1)
	p.Misbehave(providers.FilterIgnored)
	for _, code := range []string{wrong(text.Code), text.Code} {
		if a := v.submit(page, "/", code); a.status != http.StatusForbidden || v.open("/").isApp() {
			t.Errorf("status %d", a.status)
		}
	}
}

// The code of a text that a newer text has followed opens nothing, though Dexatel still takes it.
func TestDexatelTakesTheLatestCode(t *testing.T) {
	t.Parallel()
	onEachRevision(t, func(t *testing.T, p *providers.Dexatel) {
		s := startSite(t, setup{provider: p, sender: dexatelMakesCodes, directive: "resend_after 0s"})
		v := s.visitor(t, "alice")
		v.resend(v.open("/"), "/")
		older, newer := p.Wait(t, 1).Code, p.Wait(t, 2).Code
		if a := v.submit(v.open("/"), "/", older); a.status != http.StatusForbidden {
			t.Errorf("the older code: status %d", a.status)
		}
		if a := v.submit(v.open("/"), "/", newer); a.status != http.StatusSeeOther {
			t.Errorf("the newer code: status %d", a.status)
		}
	})
}

// A report finds its text by our own name for it: when the answer to the text was lost, and also while the answer is
// still awaited. What it tells of the text stays when the answer comes.
func TestReportFindsTheTextWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mood         providers.Mood
		before, late string // delivery before the report, and when all is over
	}{
		{providers.AcceptThenReset, "unknown", "delivered"},
		{providers.AcceptThen500, "unknown", "delivered"},
		{providers.BrokenJSON, "sent", "delivered"},
		{providers.Slow, "sending", "delivered"},
	} {
		t.Run(string(tt.mood), func(t *testing.T) {
			t.Parallel()
			p := providers.StartDexatelOf(t, providers.DexatelOf2026)
			s := reportedSite(t, p, dexatelMakesCodes+"timeout 5s", "send_wait 50ms")
			p.Misbehave(tt.mood)
			v := s.visitor(t, "alice")
			v.open("/")
			text := p.Wait(t, 1)
			testenv.Await(t, "the text is "+tt.before, func() bool { return v.delivery() == tt.before })
			s.delivered(t, text.ID)
			if got := v.delivery(); got != tt.late {
				t.Errorf("after the report: delivery is %q", got)
			}
			s.counted(t, "dexatel", map[string]int{"delivered": 1})
			p.Misbehave(providers.Behave)
			if tt.mood == providers.Slow {
				s.AwaitLog(t, "text sent")
				time.Sleep(100 * time.Millisecond)
			}
			if got := v.delivery(); got != tt.late {
				t.Errorf("in the end: delivery is %q", got)
			}
			if a := v.submit(v.open("/"), "/", text.Code); a.status != http.StatusSeeOther {
				t.Errorf("the code, which can be checked since the report: status %d", a.status)
			}
		})
	}
}

// A text that another sender took in the end is not touched by what the first one reports of it.
func TestReportOfTheSenderThatRefused(t *testing.T) {
	t.Parallel()
	first, second := providers.StartDexatelOf(t, providers.DexatelOf2026), providers.StartDexatel(t)
	first.Misbehave(providers.TooManyBare)
	s := startSite(t, setup{
		provider: first, sender: "report_secret " + reportSecret, global: secondSender(second, ""),
		site: "sms_2fa_reports " + reportsAt + " dexatel",
	})
	v := s.visitor(t, "alice")
	v.open("/")
	second.Wait(t, 1)
	testenv.Await(t, "the text is sent", func() bool { return v.delivery() == "sent" })
	body := fmt.Sprintf(`{"data":{"event":"DELIVERY","status":"REJECTED","payload":%q,"timestamp":%q}}`,
		second.Texts()[0].Reference, time.Now().UTC().Format(time.DateTime))
	if status := s.reports(t, first.Event(reportSecret, []byte(body))); status != http.StatusNoContent {
		t.Errorf("status %d", status)
	}
	if got := v.delivery(); got != "sent" {
		t.Errorf("delivery is %q", got)
	}
	s.counted(t, "dexatel", map[string]int{"repeated": 1})
}

// Vonage, too, repeats our own name for a text in its reports.
func TestVonageReportsByOurName(t *testing.T) {
	t.Parallel()
	v := providers.StartVonage(t)
	listen := "http://" + strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "localhost", 1)
	s := startSite(t, setup{
		listen: listen, site: "sms_2fa_reports " + reportsAt + " vonage",
		senders: fmt.Sprintf("sender vonage {\napi_key %s\napi_secret %s\nfrom Acme\nbase_url %s\nsignature_secret %s\n"+
			"report_url %s%s\n}", v.Key, v.Secret, v.URL, reportSecret, listen, reportsAt),
	})
	v.Misbehave(providers.AcceptThenReset)
	alice := s.visitor(t, "alice")
	alice.open("/")
	text := v.Wait(t, 1)
	testenv.Await(t, "the text is unknown", func() bool { return alice.delivery() == "unknown" })
	s.reports(t, v.Receipt("query", "sha256", reportSecret, text.ID, "DELIVERED", time.Now()))
	if got := alice.delivery(); got != "delivered" {
		t.Errorf("delivery is %q", got)
	}
}
