package caddymodule_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// everywhere presses the button that signs out everywhere, of the page of the account at a path.
func (v *visitor) everywhere(p page, path string) page {
	v.t.Helper()
	form := url.Values{"csrf": {p.csrf()}}.Encode()
	return v.do(http.MethodPost, withParameter(path, "logout-everywhere"), asForm(), form)
}

// isAccount reports whether an answer is the page of the account.
func (p page) isAccount() bool {
	return p.status == http.StatusOK && strings.Contains(p.body, `data-state="account"`)
}

// A verified visitor sees the number that proved the session, and since when, as a page and as JSON.
func TestMyNumber(t *testing.T) {
	t.Parallel()
	s := newNumbers(t, severalNumbers, "bob +15005550009").site(t)
	v := s.visitor(t, "alice")
	v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), `{"number":2}`)
	ask := func() page { return v.do(http.MethodGet, "/a?x=%zz&sms_2fa=account", nil, "") }
	if p := ask(); p.status != http.StatusOK || p.body != `{"verified":false}`+"\n" {
		t.Errorf("before the code: status %d, %s", p.status, p.body)
	}
	code := `{"code":"` + s.provider.Wait(t, 1).CodeInText() + `"}`
	v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), code)
	p := ask()
	at, err := time.Parse(time.RFC3339, field(p.body, "verified_at"))
	if err != nil || time.Since(at).Abs() > time.Minute || field(p.body, "phone") != "••••••••07" ||
		field(p.body, "verified") != "true" {
		t.Errorf("status %d, %s (%v)", p.status, p.body, err)
	}
	p = v.open("/a?x=%zz&sms_2fa=account")
	since := `<time datetime="` + field(ask().body, "verified_at") + `"`
	shown := strings.Contains(p.body, "••••••••07") && strings.Contains(p.body, since)
	if !p.isAccount() || !shown || strings.Contains(p.body, "500555") {
		t.Errorf("status %d, %s", p.status, p.body)
	}
	for _, address := range []string{
		`action="?x=%zz&amp;sms_2fa=logout"`, `action="?x=%zz&amp;sms_2fa=logout-everywhere"`, `href="?x=%zz"`,
	} {
		if !strings.Contains(p.body, address) {
			t.Errorf("the page lacks %s: %s", address, p.body)
		}
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
	for name, h := range map[string]http.Header{
		"frame": {"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}},
		"POST":  asJSON(),
	} {
		method := http.MethodGet
		if name == "POST" {
			method = http.MethodPost
		}
		if p := v.do(method, "/?sms_2fa=account", h, ""); p.status < 400 || strings.Contains(p.body, "••07") {
			t.Errorf("%s: status %d, %s", name, p.status, p.body)
		}
	}
}

// A visitor who is not verified is asked for the code at the page of the account, and is back there after it: the
// query comes back byte for byte.
func TestWayToMyNumber(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s"})
	v := s.visitor(t, "alice")
	const asked = "/a/b?x=%zz&sms_2fa=account&y=1;2"
	const back = "?x=%zz&y=1;2&sms_2fa=account"
	p := v.open(asked)
	first := s.provider.Wait(t, 1).CodeInText()
	home := `data-home="` + strings.ReplaceAll(back, "&", "&amp;") + `"`
	if p.status != http.StatusForbidden || !strings.Contains(p.body, home) {
		t.Fatalf("status %d, %s", p.status, p.body)
	}
	proof := url.Values{"csrf": {p.csrf()}}.Encode()
	sent := v.do(http.MethodPost, "/a/b?x=%zz&y=1;2&sms_2fa=send.account", asForm(), proof)
	if to := sent.header.Get("Location"); sent.status != http.StatusSeeOther || to != back {
		t.Errorf("resend: status %d, location %q", sent.status, to)
	}
	p = v.submit(v.open(asked), asked, wrong(first))
	if !strings.Contains(p.body, "2 tries left") {
		t.Fatalf("wrong code: status %d, %s", p.status, p.body)
	}
	p = v.submit(p, asked, first)
	if to := p.header.Get("Location"); p.status != http.StatusSeeOther || to != back {
		t.Fatalf("right code: status %d, location %q", p.status, to)
	}
	if p = v.open("/a/b" + back); !p.isAccount() {
		t.Errorf("after the code: status %d, %s", p.status, p.body)
	}
	for _, action := range []string{"verify.account", "send.account"} {
		if p := v.open("/a/b?x=%zz&sms_2fa=" + action); p.header.Get("Location") != "?x=%zz&sms_2fa=account" {
			t.Errorf("%s by its address: location %q", action, p.header.Get("Location"))
		}
	}
	for _, action := range []string{"account.account", "change.account", "logout.account", "verify.", ".account"} {
		if p := v.open("/?sms_2fa=" + action); p.status != http.StatusBadRequest {
			t.Errorf("%s: status %d", action, p.status)
		}
	}
}

// Signing out everywhere ends all sessions of the account, and its challenges, and nobody else's.
func TestSignOutEverywhere(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s"})
	laptop, tablet, bob := s.visitor(t, "alice"), s.visitor(t, "alice"), s.visitor(t, "bob")
	for _, v := range []*visitor{laptop, tablet, bob} {
		v.login("/")
	}
	waiting := s.visitor(t, "alice")
	waitingPage := waiting.open("/")
	code := s.provider.Wait(t, 4).CodeInText()
	p := laptop.open("/x?y=z&sms_2fa=account")
	if !laptop.open("/").isApp() {
		t.Fatal("looking has ended the session")
	}
	if a := laptop.everywhere(page{body: waitingPage.body}, "/"); a.status != http.StatusForbidden {
		t.Errorf("with the proof of another page: status %d", a.status)
	}
	crossSite := asForm()
	crossSite.Set("Sec-Fetch-Site", "cross-site")
	form := url.Values{"csrf": {p.csrf()}}.Encode()
	if a := laptop.do(http.MethodPost, "/?sms_2fa=logout-everywhere", crossSite, form); a.status != http.StatusForbidden {
		t.Errorf("from another site: status %d", a.status)
	}
	if a := laptop.open("/?sms_2fa=logout-everywhere"); a.status != http.StatusSeeOther {
		t.Errorf("as a link: status %d", a.status)
	}
	stranger := s.visitor(t, "alice")
	for range 2 {
		a := stranger.do(http.MethodPost, "/?sms_2fa=logout-everywhere", asJSON(), "{}")
		if a.problem() != "verification-required" {
			t.Errorf("without a session: status %d, %s", a.status, a.body)
		}
	}
	if !tablet.open("/").isApp() || !laptop.open("/").isApp() {
		t.Fatal("what was refused has ended sessions")
	}
	copied := laptop.cookie("sms2fa")
	a := laptop.everywhere(p, "/x?y=z")
	if to := a.header.Get("Location"); a.status != http.StatusSeeOther || to != "?y=z&sms_2fa=logout" {
		t.Fatalf("status %d, location %q, %s", a.status, to, a.body)
	}
	if !strings.Contains(laptop.open("/x?y=z&sms_2fa=logout").body, nobodySigned) {
		t.Error("the page does not say that nobody is signed in")
	}
	for name, v := range map[string]*visitor{"this browser": laptop, "another browser": tablet} {
		if v.do(http.MethodGet, "/", nil, "").isApp() {
			t.Errorf("%s is still in", name)
		}
	}
	laptop.setCookie("sms2fa", copied)
	if laptop.do(http.MethodGet, "/", nil, "").isApp() {
		t.Error("a copy of the session lives on")
	}
	if a := waiting.submit(waitingPage, "/", code); a.status == http.StatusSeeOther {
		t.Error("a code from before opens")
	}
	if !bob.open("/").isApp() {
		t.Error("another user was signed out")
	}
	s.AwaitLog(t, `"msg":"signed out everywhere"`)
	laptop.setCookie("sms2fa", "")
	laptop.login("/")
	if a := laptop.do(http.MethodPost, "/?sms_2fa=logout-everywhere", asJSON(), "{}"); a.status != http.StatusNoContent {
		t.Errorf("as JSON: status %d, %s", a.status, a.body)
	}
}

// A directory that is down, or has the number no more, keeps nobody from seeing the page and signing out.
func TestMyNumberWithoutADirectory(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(new(hr))
	t.Cleanup(server.Close)
	path := testenv.StartPath(t, server.Listener.Addr().String())
	s := startSite(t, setup{directive: "directory http {\nurl http://" + path.Addr +
		"/people/{user}\nheader X-Api-Key open-sesame\nphone /contact/mobile\ntimeout 1s\n}"})
	v := s.visitor(t, "alice")
	v.login("/")
	if p := v.open("/?sms_2fa=account"); !p.isAccount() || !strings.Contains(p.body, "••••••••16") {
		t.Errorf("status %d, %s", p.status, p.body)
	}
	path.Down()
	p := v.open("/?sms_2fa=account")
	if !p.isAccount() || strings.Contains(p.body, "••••") {
		t.Errorf("without the directory: status %d, %s", p.status, p.body)
	}
	a := v.do(http.MethodGet, "/?sms_2fa=account", nil, "")
	if field(a.body, "verified") != "true" || field(a.body, "phone") != "" {
		t.Errorf("without the directory, as JSON: %s", a.body)
	}
	if a := v.everywhere(p, "/"); a.status != http.StatusSeeOther {
		t.Errorf("signing out: status %d", a.status)
	}
	if v.do(http.MethodGet, "/", nil, "").isApp() {
		t.Error("still in")
	}
}

// In an outage of the store, nobody is called signed out who may be signed in.
func TestMyNumberInAnOutage(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{global: onRedis(testenv.FreeAddr(t))})
	v := s.visitor(t, "alice")
	v.setCookie("sms2fa", "x.y.z")
	if p := v.do(http.MethodGet, "/?sms_2fa=account", nil, ""); p.problem() != "store-unavailable" {
		t.Errorf("status %d, %s", p.status, p.body)
	}
}
