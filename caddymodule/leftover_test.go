package caddymodule_test

import (
	"net/http"
	"strings"
	"testing"
)

const codeForm = `id="verify"`

// A tab that still shows the page, in a browser that was let in meanwhile, leads to the app, whatever is typed there
// and whichever button is pressed, and costs neither a try nor a text.
func TestLeftOverTabGoesOn(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s"})
	v := s.visitor(t, "alice")
	tab := v.open("/two")
	if a := v.submit(v.open("/one"), "/one", s.provider.Wait(t, 1).CodeInText()); a.status != http.StatusSeeOther {
		t.Fatalf("right code: status %d", a.status)
	}
	for _, typed := range []string{"000000", "no code", "111111", "222222", "333333"} {
		if a := v.submit(tab, "/two", typed); a.status != http.StatusSeeOther || a.header.Get("Location") != "./two" {
			t.Errorf("%q: status %d, to %q", typed, a.status, a.header.Get("Location"))
		}
	}
	if a := v.resend(tab, "/two"); a.status != http.StatusSeeOther || a.header.Get("Location") != "./two" {
		t.Errorf("send: status %d, to %q", a.status, a.header.Get("Location"))
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
	other := s.visitor(t, "alice")
	other.login("/") // the account has all of its tries
}

// A form of another site is refused also where the browser is verified.
func TestForgedFormOfAVerifiedBrowser(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	v.login("/")
	h := asForm()
	h.Set("Sec-Fetch-Site", "cross-site")
	if a := v.do(http.MethodPost, "/?sms_2fa=verify", h, "code=000000"); a.status != http.StatusForbidden {
		t.Errorf("status %d", a.status)
	}
}

// Who signs out ends the challenges of all browsers, and the next one need not wait because of their texts.
func TestTextAfterASignOutElsewhere(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	one, two := s.visitor(t, "alice"), s.visitor(t, "alice")
	one.login("/")
	two.open("/") // and its code is not typed
	s.provider.Wait(t, 2)
	if p := one.do(http.MethodPost, "/?sms_2fa=logout", nil, ""); p.status != http.StatusNoContent {
		t.Fatalf("logout: status %d", p.status)
	}
	two.login("/")
	if n := len(s.provider.Texts()); n != 3 {
		t.Errorf("%d texts, want 3", n)
	}
}

// Where no more texts may be sent, the page has the field as long as a code holds, also in another browser, and the
// time to wait; without such a code it has the time alone.
func TestFieldWhereTextsAreLimited(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "sends 1 per 10m\nresend_after 0s\ndirectory inline {\n" +
		"alice +15005550011\nbob +15005550011\n}"})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	limited := func(who string, p page, field bool) page {
		t.Helper()
		if p.status != http.StatusTooManyRequests || p.header.Get("Retry-After") == "" ||
			strings.Contains(p.body, codeForm) != field || !strings.Contains(p.body, "10 minutes") {
			t.Errorf("%s: status %d, Retry-After %q, %s", who, p.status, p.header.Get("Retry-After"), p.body)
		}
		return p
	}
	p = limited("the button", v.resend(p, "/"), true)
	limited("another user of that phone", s.visitor(t, "bob").open("/"), false)
	second := s.visitor(t, "alice")
	q := second.open("/")
	if q.status != http.StatusForbidden || !strings.Contains(q.body, codeForm) {
		t.Errorf("another browser: status %d, %s", q.status, q.body)
	}
	limited("the button there", second.resend(q, "/"), true)
	if a := v.submit(p, "/", code); a.status != http.StatusSeeOther {
		t.Errorf("the code, on the page that says so: status %d", a.status)
	}
	limited("after the code", second.open("/"), false)
}

// A browser that keeps no cookies costs one text, and not one a visit, and reads what is wrong.
func TestBrowserWithoutCookiesCostsOneText(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s"})
	v := s.visitor(t, "alice")
	v.http.Jar = nil
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	refused := func(what string, p page) {
		t.Helper()
		if p.status != http.StatusForbidden || !strings.Contains(p.body, "Allow cookies for this site.") ||
			strings.Contains(p.body, "<form") {
			t.Errorf("%s: status %d, %s", what, p.status, p.body)
		}
	}
	refused("the code", v.submit(p, "/", code))
	refused("the button", v.resend(p, "/"))
	for range 3 {
		refused("another visit", v.open("/page?a=1"))
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
	// Browsers that keep theirs get the code of that text, and see nothing of it all but two redirects.
	keeps := s.visitor(t, "alice")
	first := keeps.do(http.MethodGet, "/page?a=1", asPage(), "")
	if to := first.header.Get("Location"); first.status != http.StatusSeeOther || to != "?a=1&sms_2fa=cookie" {
		t.Fatalf("status %d, to %q", first.status, to)
	}
	back := keeps.do(http.MethodGet, "/page?a=1&sms_2fa=cookie", asPage(), "")
	if to := back.header.Get("Location"); back.status != http.StatusSeeOther || to != "?a=1" {
		t.Fatalf("status %d, to %q", back.status, to)
	}
	if p = keeps.submit(keeps.open("/page?a=1"), "/page?a=1", code); p.status != http.StatusSeeOther {
		t.Errorf("the code: status %d", p.status)
	}
}

// The look for cookies is for page navigations alone.
func TestLookForCookiesIsForPages(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	if p := v.do(http.MethodGet, "/?sms_2fa=cookie", nil, ""); p.status != http.StatusBadRequest {
		t.Errorf("no navigation: status %d", p.status)
	}
	if p := v.do(http.MethodPost, "/?sms_2fa=cookie", asForm(), ""); p.status != http.StatusBadRequest {
		t.Errorf("POST: status %d", p.status)
	}
	if n := len(s.provider.Texts()); n != 0 {
		t.Errorf("%d texts", n)
	}
}
