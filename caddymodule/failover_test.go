package caddymodule_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// secondSender is a second Dexatel account, as an option of the global block. The first one is the site's.
func secondSender(p *providers.Dexatel, more string) string {
	return fmt.Sprintf("sender dexatel {\nname second\napi_key %s\nfrom Backup\nbase_url %s\ntimeout 2s\n%s\n}\n",
		p.Key, p.URL, more)
}

// The first of two senders fails in every way there is: at most one text, one valid code, counted as what it is, and
// the visitor waits no longer than send_wait.
func TestSecondSenderTakesOver(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mood     providers.Mood
		second   bool   // the second sender takes the text
		first    int    // texts that the first one accepted
		delivery string // what the visitor is told in the end
	}{
		{providers.Behave, false, 1, "sent"},
		{providers.Unauthorized, true, 0, "sent"},
		{providers.TooMany, true, 0, "sent"},
		{providers.TooManyBare, true, 0, "sent"},
		{providers.Error500, false, 0, "unknown"},
		{providers.Error503, true, 0, "sent"},
		{providers.Error503Bare, false, 0, "unknown"},
		{providers.AcceptThen500, false, 1, "unknown"},
		{providers.Hang, false, 0, "unknown"},
		{providers.Redirect, true, 0, "sent"},
		{providers.SeeElsewhere, false, 0, "unknown"},
		{providers.Drip, false, 1, "sent"},
		{providers.Huge, false, 1, "sent"},
		{providers.BrokenJSON, false, 1, "sent"},
		{providers.GzipBomb, false, 1, "sent"},
		{providers.AcceptThenReset, false, 1, "unknown"},
		{providers.OKWithErrors, false, 0, "failed"},
		{"refused", true, 0, "sent"},
		{"no such name", true, 0, "sent"},
		{"bad certificate", true, 0, "sent"},
	}
	nowhere := map[providers.Mood]string{
		"refused": "http://" + testenv.FreeAddr(t), "no such name": "https://sms.invalid", "bad certificate": untrusted(t),
	}
	for _, tt := range tests {
		t.Run(string(tt.mood), func(t *testing.T) {
			t.Parallel()
			first, second := providers.StartDexatel(t), providers.StartDexatel(t)
			if url, ok := nowhere[tt.mood]; ok {
				first.URL = url
			} else {
				first.Misbehave(tt.mood)
			}
			timeout := "timeout 30s" // however busy the machine is, a provider that answers is not given up
			if tt.mood == providers.Hang || tt.mood == providers.Drip {
				timeout = "timeout 5s"
			}
			s := startSite(t, setup{
				provider: first, sender: timeout, global: secondSender(second, ""), directive: "send_wait 700ms",
			})
			v := s.visitor(t, "alice")
			began := time.Now()
			v.open("/")
			if took := time.Since(began); took > 2500*time.Millisecond {
				t.Errorf("the visitor waited %s", took)
			}
			testenv.Await(t, "delivery is "+tt.delivery, func() bool { return v.delivery() == tt.delivery })
			texts := second.Texts()
			if len(first.Texts()) != tt.first || (len(texts) == 1) != tt.second || len(texts) > 1 {
				t.Fatalf("%d and %d texts", len(first.Texts()), len(texts))
			}
			taken := append(first.Texts(), texts...)
			if len(taken) == 1 {
				if p := v.submit(v.open("/"), "/", taken[0].CodeInText()); p.status != http.StatusSeeOther {
					t.Errorf("the code of the one text: status %d", p.status)
				}
			}
			s.holdsNothingSecret(t, first, second)
		})
	}
}

// untrusted is the address of a server whose certificate nobody vouches for.
func untrusted(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// The page and the problem are the same whatever a provider has against a number, an account or a setting: nobody
// learns what is wrong with somebody's number.
func TestRefusalsLookAlike(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	var pages, problems []string
	// A bad number, a blocked one, an unknown sender, an account.
	for _, code := range []string{"1523", "1530", "1503", "1524"} {
		s.provider.FailWith(code)
		p := s.visitor(t, "alice").open("/")
		if p.status != http.StatusBadGateway || !strings.Contains(p.body, "was not delivered") {
			t.Fatalf("%s: status %d, %s", code, p.status, p.body)
		}
		pages = append(pages, strip(p.body))
		problems = append(problems, s.visitor(t, "alice").do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}").body)
	}
	if one := slices.Compact(pages); len(one) != 1 {
		t.Errorf("%d different pages: %q", len(one), one)
	}
	if one := slices.Compact(problems); len(one) != 1 || !strings.Contains(one[0], "delivery-failed") {
		t.Errorf("%d different problems: %q", len(one), one)
	}
}

// What a text costs beyond one segment is said when the configuration is loaded, with the character that is to blame.
func TestLongTextsAreWarnedOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, message, want string }{
		{"one segment", `message "{brand}: {code}"`, ""},
		{"one segment of UCS-2", `message "Код: {code}"`, ""},
		{"two segments", `message "{code} ` + strings.Repeat("x", 140) + `"`, `"segments":2`},
		{
			"two of UCS-2",
			`message de "{brand}: Ihr Code ist ‚{code}‘. Geben Sie ihn niemandem, und sagen Sie ihn niemandem."`,
			`"language":"de","segments":2,"because_of":"'‚' (U+201A)"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, setup{directive: tt.message + "\norigin app.example.com"})
			const warning = "message takes more than one SMS segment"
			if said := s.Log(); strings.Contains(said, warning) != (tt.want != "") || !strings.Contains(said, tt.want) {
				t.Errorf("no %q in the log", tt.want)
			}
		})
	}
}

// delivery is what the visitor is told of the text.
func (v *visitor) delivery() string {
	v.t.Helper()
	return field(v.do(http.MethodGet, "/?sms_2fa=status", nil, "").body, "delivery")
}

// tells reports whether a text tells a secret: with no other digit beside it. Times and metrics have so many digits
// that a code is among them by chance now and then.
func tells(said, code string) bool {
	return regexp.MustCompile(`(^|\D)` + regexp.QuoteMeta(code) + `(\D|$)`).MatchString(said)
}

// holdsNothingSecret looks for codes, numbers and keys in the log and the metrics.
func (s *site) holdsNothingSecret(t *testing.T, servers ...*providers.Dexatel) {
	t.Helper()
	said := s.Log() + s.Get("/metrics")
	for _, p := range servers {
		for _, text := range p.Texts() {
			if code := text.CodeInText(); code != "" && tells(said, code) {
				t.Error("a code is in the log or the metrics")
			}
		}
		if strings.Contains(said, p.Key) {
			t.Error("a key is in the log or the metrics")
		}
	}
	if strings.Contains(said, "5005550006") {
		t.Error("a number is in the log or the metrics")
	}
}

// A provider that asks to be left alone for a while is: the visitor is told how long, and no press of theirs gets
// through before.
func TestProviderAsksToWait(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	s.provider.Misbehave(providers.TooMany)
	v := s.visitor(t, "alice")
	p := v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}")
	failed := p.status == http.StatusBadGateway && p.problem() == "delivery-failed"
	if after := p.header.Get("Retry-After"); !failed || after != "7" || field(p.body, "retry_after") != "7" {
		t.Errorf("status %d, Retry-After %q, %s", p.status, after, p.body)
	}
	s.provider.Misbehave(providers.Behave)
	if p = v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}"); p.status != http.StatusTooManyRequests {
		t.Errorf("at once: status %d", p.status)
	}
	if requests, _ := s.provider.Requests(); requests != 1 {
		t.Errorf("%d requests", requests)
	}
	s.AwaitLog(t, `"retry_after":7`)
	page := s.visitor(t, "alice").open("/")
	if page.status != http.StatusTooManyRequests || !strings.Contains(page.body, "No more texts can be sent for now") {
		t.Errorf("the page: status %d, %s", page.status, page.body)
	}
}

// A text of which it is not known whether it was accepted is sent again only when the visitor asks, after the usual
// pause.
func TestUnknownTextIsNotRepeated(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 2s"})
	s.provider.Misbehave(providers.AcceptThenReset)
	v := s.visitor(t, "alice")
	p := v.open("/")
	if p.status != http.StatusForbidden || !strings.Contains(p.body, "may be on its way") {
		t.Errorf("status %d, body %s", p.status, p.body)
	}
	s.provider.Misbehave(providers.Behave)
	if p = v.resend(p, "/"); p.status != http.StatusTooManyRequests {
		t.Errorf("at once: status %d", p.status)
	}
	time.Sleep(2100 * time.Millisecond)
	if p = v.resend(v.open("/"), "/"); p.status != http.StatusSeeOther {
		t.Errorf("after the pause: status %d", p.status)
	}
	if first, second := s.provider.Wait(t, 1), s.provider.Wait(t, 2); first.CodeInText() != second.CodeInText() {
		t.Error("the second text has another code")
	}
}

func TestRouteByCountry(t *testing.T) {
	t.Parallel()
	second := providers.StartDexatel(t)
	s := startSite(t, setup{
		global: secondSender(second, "only +374 DE"),
		site:   "",
	})
	s.visitor(t, "alice").open("/")
	s.provider.Wait(t, 1)
	if len(second.Texts()) > 0 {
		t.Error("the second sender is only for other numbers")
	}
	s.provider.FailWith("1524") // the account is not activated
	p := s.visitor(t, "bob").open("/")
	if p.status != http.StatusBadGateway || len(second.Texts()) > 0 {
		t.Errorf("status %d; the second sender has %d texts", p.status, len(second.Texts()))
	}
}

// The visitor's language chooses the text, and nothing of what the visitor says enters it.
func TestTextByLanguage(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: `message "Code {code}"
		message de "Ihr Code für {host}: {code}"
		message fr "Votre code : {code}"
		origin app.example.com
		sends 100 per 10m`, global: "resend_after 0s"})
	v := s.visitor(t, "alice")
	p := v.open("/")
	for i, tt := range []struct{ accept, want string }{
		{"de-AT,de;q=0.9,en;q=0.5", "Ihr Code für app.example.com: "},
		{"fr", "Votre code : "},
		{"ja, fr;q=0.2", "Votre code : "},
		{"ja", "Code "},
		{"", "Code "},
		{"de{code}\x7f;q=x", "Code "},
		{strings.Repeat("ja;q=0.1,", 300) + "de", "Code "},
	} {
		h := asForm()
		if tt.accept != "" {
			h.Set("Accept-Language", tt.accept)
		}
		r, err := v.try(http.MethodPost, "/?sms_2fa=send", h, "csrf="+p.csrf())
		if err != nil || r.status != http.StatusSeeOther {
			if strings.Contains(tt.accept, "\x7f") {
				h.Set("Accept-Language", "de{code};q=x")
				r = v.do(http.MethodPost, "/?sms_2fa=send", h, "csrf="+p.csrf())
			}
			if r.status != http.StatusSeeOther {
				t.Fatalf("%.30q: status %d, %v", tt.accept, r.status, err)
			}
		}
		text := s.provider.Wait(t, i+2)
		if want := tt.want + text.CodeInText() + "\n\n@app.example.com #" + text.CodeInText(); text.Text != want {
			t.Errorf("%.30q: %q, want %q", tt.accept, text.Text, want)
		}
	}
}

// A test number gets no text, and its fixed code opens; wrong ones are counted as always, and after its last day it is
// a number like any other.
func TestTestNumbers(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	tomorrow, yesterday := now.AddDate(0, 0, 1).Format(time.DateOnly), now.AddDate(0, 0, -1).Format(time.DateOnly)
	s := startSite(t, setup{global: fmt.Sprintf(`resend_after 0s
		test_number +15005550006 code 424242 until %s
		test_number +15005550009 code 424242 until %s`, tomorrow, yesterday)})
	alice := s.visitor(t, "alice")
	p := alice.open("/")
	for _, left := range []string{"2 tries left", "1 try left"} {
		if p = alice.submit(p, "/", "424241"); !strings.Contains(p.body, left) {
			t.Errorf("wrong code: status %d, want %s", p.status, left)
		}
	}
	if p = alice.submit(p, "/", "424242"); p.status != http.StatusSeeOther || !alice.open("/").isApp() {
		t.Errorf("fixed code: status %d", p.status)
	}
	again := s.visitor(t, "alice")
	form := again.open("/")
	for range 3 {
		p = again.submit(form, "/", "424241")
	}
	if p.status != http.StatusTooManyRequests {
		t.Errorf("after three wrong codes: status %d", p.status)
	}
	if p = again.submit(form, "/", "424242"); p.status != http.StatusTooManyRequests {
		t.Errorf("the fixed code in the block: status %d", p.status)
	}
	if n := len(s.provider.Texts()); n != 0 {
		t.Errorf("%d texts to a test number", n)
	}
	s.AwaitLog(t, "this is a test number")
	bob := s.visitor(t, "bob")
	p = bob.open("/")
	text := s.provider.Wait(t, 1)
	if p = bob.submit(p, "/", "424242"); p.status != http.StatusForbidden {
		t.Errorf("the code of a number whose last day is over: status %d", p.status)
	}
	if p = bob.submit(p, "/", text.CodeInText()); p.status != http.StatusSeeOther {
		t.Errorf("the code that was texted: status %d", p.status)
	}
}
