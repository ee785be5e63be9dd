package caddymodule_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// sidOf reads the session's name out of a token.
func sidOf(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Errorf("%q is no token", token)
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Error(err)
	}
	var claims struct{ SID string }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Error(err)
	}
	return claims.SID
}

func TestCookiesOverHTTPS(t *testing.T) {
	t.Parallel()
	listen := strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "https://localhost", 1)
	s := startSite(t, setup{listen: listen, site: "tls internal"})
	v := s.visitor(t, "alice")
	v.awaitTLS()
	p := v.open("/")
	text := s.provider.Wait(t, 1)
	p = v.submit(p, "/", text.CodeInText())
	var set []string
	for _, c := range p.header["Set-Cookie"] {
		if strings.HasPrefix(c, "__Host-sms2fa=") {
			set = append(set, c)
		}
	}
	if len(set) != 1 {
		t.Fatalf("cookies %q", p.header["Set-Cookie"])
	}
	for _, attribute := range []string{"; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"} {
		if !strings.Contains(set[0], attribute) {
			t.Errorf("%q lacks %q", set[0], attribute)
		}
	}
	if strings.Contains(set[0], "Domain") {
		t.Errorf("%q has a domain", set[0])
	}
	if p = v.open("/"); !p.isApp() {
		t.Errorf("app: status %d", p.status)
	}
}

func TestAppSeesNoCookieOfOurs(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	v.setCookie("app", "mine")
	v.setCookie("sms2fa-admin", "x")
	v.setCookie("__Host-sms2fa", "x")
	v.setCookie("sms2fa_other", "the app's own")
	v.login("/")
	p := v.open("/")
	ours := strings.Contains(p.body, "sms2fa=") || strings.Contains(p.body, "sms2fa-")
	if ours || strings.Contains(p.body, "challenge") {
		t.Errorf("the app sees %s", p.body)
	}
	if !strings.Contains(p.body, "app=mine") || !strings.Contains(p.body, "sms2fa_other") {
		t.Errorf("the app does not see its own cookies: %s", p.body)
	}
}

func TestStolenAndForgedCookies(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	alice, bob := s.visitor(t, "alice"), s.visitor(t, "bob")
	alice.login("/")
	token := alice.cookie("sms2fa")
	parts := strings.Split(token, ".")
	header := func(fields string) string { return base64.RawURLEncoding.EncodeToString([]byte(fields)) }
	tests := map[string]string{
		"tampered":     parts[0] + "." + parts[1] + "A." + parts[2],
		"alg none":     header(`{"alg":"none","typ":"sms-2fa+jwt"}`) + "." + parts[1] + ".",
		"alg HS512":    header(`{"alg":"HS512","typ":"sms-2fa+jwt"}`) + "." + parts[1] + "." + parts[2],
		"oversized":    token + strings.Repeat("A", 3000),
		"no signature": parts[0] + "." + parts[1] + ".",
		"empty":        "",
		"challenge":    alice.cookie("sms2fa_challenge"),
	}
	for name, value := range tests {
		t.Run(name, func(t *testing.T) {
			carol := s.visitor(t, "alice")
			carol.setCookie("sms2fa", value)
			if p := carol.do(http.MethodGet, "/", nil, ""); p.status != http.StatusForbidden {
				t.Errorf("status %d", p.status)
			}
		})
	}
	bob.setCookie("sms2fa", token)
	if p := bob.do(http.MethodGet, "/", nil, ""); p.status != http.StatusForbidden {
		t.Errorf("another user's cookie: status %d", p.status)
	}
	twice := s.visitor(t, "alice")
	for _, cookies := range []string{
		"sms2fa=x; sms2fa=" + tests["tampered"], "sms2fa=" + tests["oversized"] + "; sms2fa=",
	} {
		if p := twice.do(http.MethodGet, "/", http.Header{"Cookie": {cookies}}, ""); p.status != http.StatusForbidden {
			t.Errorf("two cookies, none of which verifies: status %d", p.status)
		}
	}
	upper := http.Header{"Cookie": {"SMS2FA=" + token}}
	if p := twice.do(http.MethodGet, "/", upper, ""); p.status != http.StatusForbidden {
		t.Errorf("name in another case: status %d", p.status)
	}
	if p := twice.do(http.MethodGet, "/", http.Header{"Cookie": {"sms2fa=" + token}}, ""); !p.isApp() {
		t.Errorf("the same user's cookie: status %d", p.status)
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "bind {http.request.header.X-Session}"})
	v := s.visitor(t, "alice")
	with := func(session string) http.Header {
		h := asPage()
		h.Set("X-Session", session)
		return h
	}
	p := v.do(http.MethodGet, "/", with("one"), "")
	form := "csrf=" + p.csrf() + "&code=" + s.provider.Wait(t, 1).CodeInText()
	send := asForm()
	send.Set("X-Session", "one")
	if p = v.do(http.MethodPost, "/?sms_2fa=verify", send, form); p.status != http.StatusSeeOther {
		t.Fatalf("right code: status %d", p.status)
	}
	if p = v.do(http.MethodGet, "/", with("one"), ""); !p.isApp() {
		t.Errorf("same first-factor session: status %d", p.status)
	}
	for _, other := range []string{"two", ""} {
		if p = v.do(http.MethodGet, "/", http.Header{"X-Session": {other}}, ""); p.status != http.StatusForbidden {
			t.Errorf("first-factor session %q: status %d", other, p.status)
		}
	}
}

// neighbours are two sites on one domain that know nothing of each other: production has its cookies on the domain,
// and staging has cookies of the same names on a subdomain. One browser visits both.
func neighbours(t *testing.T) (production, staging *visitor) {
	t.Helper()
	at := func(host, domain, key string) *visitor {
		_, port, _ := strings.Cut(testenv.FreeAddr(t), ":")
		s := startSite(t, setup{
			listen: "https://" + host + ":" + port, site: "tls internal",
			global: "secret " + key, directive: "resend_after 0s\ncookie_domain " + domain,
		})
		v := s.visitor(t, "alice")
		v.awaitTLS()
		return v
	}
	production = at("app.example.com", "example.com", secret)
	staging = at("app.staging.example.com", "staging.example.com", another)
	staging.http.Jar = production.http.Jar
	return production, staging
}

// Two cookies of our name reach a site whose neighbour on a parent domain has other secrets. The one that verifies
// here counts, whichever comes first, and no code is asked for twice.
func TestCookiesOfANeighbour(t *testing.T) {
	t.Parallel()
	production, staging := neighbours(t)
	production.login("/")
	staging.login("/")
	for range 3 {
		if !staging.open("/").isApp() || !production.open("/").isApp() {
			t.Fatal("a visitor whose code was right is asked again")
		}
	}
	if n := len(staging.site.provider.Texts()); n != 1 {
		t.Errorf("%d texts", n)
	}
	own := staging.cookieLine()
	for name, line := range map[string]string{
		"ours first": "__Secure-sms2fa=" + production.cookie("__Secure-sms2fa") + "; " + own,
		"ours last":  own + "; __Secure-sms2fa=junk",
		"expired":    "__Secure-sms2fa=; " + own,
	} {
		p := staging.do(http.MethodGet, "/", http.Header{"Cookie": {line}}, "")
		if !p.isApp() || strings.Contains(p.body, "sms2fa") {
			t.Errorf("%s: status %d, %.200s", name, p.status, p.body)
		}
	}
	if p := staging.do(http.MethodPost, "/?sms_2fa=logout", nil, ""); p.status != http.StatusNoContent {
		t.Errorf("logout: status %d", p.status)
	}
	if p := staging.do(http.MethodGet, "/", http.Header{"Cookie": {own}}, ""); p.status != http.StatusForbidden {
		t.Errorf("after the logout: status %d", p.status)
	}
	if !production.open("/").isApp() {
		t.Error("the logout of one site has ended the session of the other")
	}
}

// Challenge cookies of a neighbour cost no text either: the challenge that is this account's counts.
func TestChallengeCookiesOfANeighbour(t *testing.T) {
	t.Parallel()
	production, staging := neighbours(t)
	production.open("/")
	p := staging.open("/")
	for range 3 {
		p = staging.open("/")
	}
	if n := len(staging.site.provider.Texts()); n != 1 {
		t.Fatalf("%d texts", n)
	}
	code := staging.site.provider.Wait(t, 1).CodeInText()
	w := staging.submit(p, "/", wrong(code))
	if w.status != http.StatusForbidden || !strings.Contains(w.body, "not right") {
		t.Errorf("wrong code: status %d, %.300s", w.status, w.body)
	}
	if p = staging.submit(p, "/", code); p.status != http.StatusSeeOther || !staging.open("/").isApp() {
		t.Errorf("right code: status %d", p.status)
	}
	code = production.site.provider.Wait(t, 1).CodeInText()
	if p = production.submit(production.open("/"), "/", code); p.status != http.StatusSeeOther {
		t.Errorf("right code at the neighbour: status %d", p.status)
	}
}

// A browser with more cookies of our name than are looked at is told so, and costs no text: its code could not let it
// in.
func TestTooManyCookies(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	for _, name := range []string{"sms2fa", "sms2fa_challenge"} {
		h := asPage()
		h.Set("Cookie", strings.Repeat(name+"=junk; ", 9))
		p := v.do(http.MethodGet, "/", h, "")
		if p.status != http.StatusBadRequest || !strings.Contains(p.body, "too many cookies") {
			t.Errorf("%s: status %d, %.300s", name, p.status, p.body)
		}
	}
	if n := len(s.provider.Texts()); n != 0 {
		t.Errorf("%d texts", n)
	}
	v.login("/")
	h := asPage()
	h.Set("Cookie", strings.Repeat("sms2fa=junk; ", 7)+v.cookieLine())
	if p := v.do(http.MethodGet, "/", h, ""); !p.isApp() {
		t.Errorf("seven before ours: status %d", p.status)
	}
}

// A visitor whose first factor has set nothing to bind to is told so, in other words than one without a name.
func TestBindToNothing(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{
		directive: "bind {http.request.cookie.PHPSESSID}", // which only the app behind the gate would set
	})
	v := s.visitor(t, "alice")
	p := v.open("/")
	if p.status != http.StatusForbidden || !strings.Contains(p.body, `data-state="unbound"`) {
		t.Errorf("status %d, %.300s", p.status, p.body)
	}
	p = v.do(http.MethodGet, "/?sms_2fa=status", nil, "")
	if p.problem() != "no-identity" || !strings.Contains(p.body, "opened no session") {
		t.Errorf("status %d, %s", p.status, p.body)
	}
	s.AwaitLog(t, `"msg":"bind is empty: check`)
	s.AwaitLog(t, `"bind":"{http.request.cookie.PHPSESSID}"`)
	if strings.Contains(s.Log(), "no identity:") || len(s.provider.Texts()) != 0 {
		t.Errorf("%d texts, or a line of another fault", len(s.provider.Texts()))
	}
}

// A browser that keeps no cookies is told so when it types the right code, and not that it is another site.
func TestBrowserWithoutCookies(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	v.http.Jar = nil
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	for range 2 {
		a := v.submit(p, "/", code)
		if a.status != http.StatusForbidden || !strings.Contains(a.body, "Allow cookies for this site") {
			t.Errorf("status %d, %.300s", a.status, a.body)
		}
		p = v.open("/")
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts", n)
	}
}
