package caddymodule_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// awaitTLS waits until the site has its certificate.
func (v *visitor) awaitTLS() {
	v.t.Helper()
	testenv.Await(v.t, "the site has a certificate", func() bool {
		_, err := v.try(http.MethodHead, "/", nil, "")
		return err == nil
	})
}

// The form that every page needs.
const (
	token    = `<input name="csrf" value="{{.CSRF}}">`
	verifies = `<form method="post" action="{{.VerifyURL}}">` + token + `<input name="code"></form>`
)

func TestOptionsAreObeyed(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "own.html")
	if err := os.WriteFile(own, []byte(`<h1>Own page of {{.Brand}}</h1>`+verifies), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startSite(t, setup{site: "@other header X-Other-Phone 1\nvars @other phone \"030 901820\"", directive: `
		template ` + own + `
		challenge_status 401
		phone {http.vars.phone}
		default_region DE
		code_length 8
		code_ttl 90s
		message "{brand}|{code}|{minutes}|{host}"
		origin app.example.com
		attempts 1
		block 2s
		session 3s
		resend_after 0s`})
	v := s.visitor(t, "alice")
	asked := asPage()
	asked.Set("X-Other-Phone", "1")
	p := v.do(http.MethodGet, "/", asked, "")
	if p.status != http.StatusUnauthorized || !strings.Contains(p.body, "<h1>Own page of Acme</h1>") {
		t.Fatalf("page: status %d, body %s", p.status, p.body)
	}
	text := s.provider.Wait(t, 1)
	code := text.CodeInText()
	want := "Acme|" + code + "|2|app.example.com\n\n@app.example.com #" + code
	if text.Text != want || text.To != "4930901820" || len(code) != 8 {
		t.Errorf("text %+v, want %q", text, want)
	}
	send := asForm()
	send.Set("X-Other-Phone", "1")
	submit := func(code string) page {
		return v.do(http.MethodPost, "/?sms_2fa=verify", send, "csrf="+p.csrf()+"&code="+code)
	}
	if a := submit(wrong(code)); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "2" {
		t.Errorf("first wrong code: status %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	time.Sleep(2100 * time.Millisecond)
	if a := submit(code); a.status != http.StatusSeeOther {
		t.Fatalf("after the block: status %d", a.status)
	}
	if !v.do(http.MethodGet, "/", asked, "").isApp() {
		t.Error("not in")
	}
	time.Sleep(3100 * time.Millisecond) // a token has whole seconds, so the session may end up to one earlier
	if v.do(http.MethodGet, "/", nil, "").isApp() {
		t.Error("the session did not end")
	}
	v.open("/")
	if to := s.provider.Wait(t, 2).To; to != "15005550006" {
		t.Errorf("where the placeholder is empty, the text went to %s and not to the number in the directory", to)
	}
}

func TestStepUp(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s", site: `
	@fresh path /fresh
	handle @fresh {
		sms_2fa {
			max_age 2s
			resend_after 0s
		}
		respond "app fresh"
	}`})
	v := s.visitor(t, "alice")
	v.login("/")
	if !v.open("/fresh").isApp() {
		t.Fatal("a fresh verification is not enough")
	}
	time.Sleep(2100 * time.Millisecond)
	if !v.open("/").isApp() {
		t.Error("the route without max_age asks again")
	}
	old := v.cookie("sms2fa")
	v.login("/fresh")
	stolen := s.visitor(t, "alice")
	stolen.setCookie("sms2fa", old)
	if stolen.do(http.MethodGet, "/", nil, "").isApp() {
		t.Error("the session that was replaced goes on")
	}
}

func TestCookieDomain(t *testing.T) {
	t.Parallel()
	listen := strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "https://app.localhost", 1)
	s := startSite(t, setup{listen: listen, site: "tls internal", directive: "cookie_domain app.localhost"})
	v := s.visitor(t, "alice")
	v.awaitTLS()
	v.open("/")
	p := v.open("/")
	p = v.submit(p, "/", s.provider.Wait(t, 1).CodeInText())
	var session string
	for _, c := range p.header["Set-Cookie"] {
		if strings.HasPrefix(c, "__Secure-sms2fa=") {
			session = c
		}
	}
	if !strings.Contains(session, "Domain=app.localhost") || !strings.Contains(session, "; Secure") {
		t.Errorf("cookies %q", p.header["Set-Cookie"])
	}
}
