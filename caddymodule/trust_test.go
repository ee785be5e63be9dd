package caddymodule_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// loginTicking enters the code, and ticks that the browser is not to be asked again.
func (v *visitor) loginTicking(field string) page {
	v.t.Helper()
	n := len(v.site.provider.Texts())
	p := v.open("/")
	code := v.site.provider.Wait(v.t, n+1).CodeInText()
	form := url.Values{"csrf": {p.csrf()}, "code": {code}}
	if field != "" {
		form.Set("trust", field)
	}
	p = v.do(http.MethodPost, "/?sms_2fa=verify", asForm(), form.Encode())
	if p.status != http.StatusSeeOther {
		v.t.Fatalf("right code: status %d, %.300s", p.status, p.body)
	}
	return p
}

// lasts is how long the visitor's session still lasts.
func (v *visitor) lasts() time.Duration {
	v.t.Helper()
	p := v.do(http.MethodGet, "/?sms_2fa=status", nil, "")
	var status struct {
		Verified bool
		Expires  time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal([]byte(p.body), &status); err != nil || !status.Verified {
		v.t.Fatalf("status %s, %v", p.body, err)
	}
	return time.Until(status.Expires).Round(time.Hour)
}

// With trust, a tick on the page makes a session longer, for this browser alone.
func TestTrust(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "session 2h\ntrust 30d\nidle 1h\nresend_after 0s\nsends 100 per 1h"})
	ticked, plain := s.visitor(t, "alice"), s.visitor(t, "alice")
	if p := ticked.open("/"); !strings.Contains(p.body, "Do not ask again on this device for 30 days") ||
		!strings.Contains(p.body, `name="trust" value="on" aria`) {
		t.Errorf("the choice is not offered: %s", p.body)
	}
	ticked = s.visitor(t, "bob")
	p := ticked.loginTicking("on")
	if got := ticked.lasts(); got != 30*24*time.Hour {
		t.Errorf("ticked: the session lasts %s", got)
	}
	if c := p.header["Set-Cookie"][0]; !strings.Contains(c, "Max-Age=2592000") {
		t.Errorf("cookie %s", c)
	}
	plain.enter(plain.open("/"), "/")
	if got := plain.lasts(); got != time.Hour {
		t.Errorf("not ticked: the session lasts %s", got)
	}
	other := s.visitor(t, "carol")
	other.loginTicking("yes")
	if got := other.lasts(); got != time.Hour {
		t.Errorf("another value of the field: the session lasts %s", got)
	}
	byJSON := s.visitor(t, "bob")
	byJSON.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}")
	texts := s.provider.Texts()
	body := `{"code":"` + texts[len(texts)-1].CodeInText() + `","trust":true}`
	if p := byJSON.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), body); p.status != http.StatusOK {
		t.Fatalf("JSON: status %d, %s", p.status, p.body)
	}
	if got := byJSON.lasts(); got != 30*24*time.Hour {
		t.Errorf("JSON: the session lasts %s", got)
	}
	if p := ticked.do(http.MethodPost, "/?sms_2fa=logout", asForm(), ""); p.status != http.StatusSeeOther {
		t.Errorf("sign out: status %d", p.status)
	}
	if p := ticked.open("/"); p.isApp() {
		t.Error("signed out, and in the app")
	}
}

// The tick outlives a wrong code, and the session outlives idle; a session without it does not.
func TestTrustOutlivesIdle(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "session 1h\ntrust 2h\nidle 2s"})
	v, other := s.visitor(t, "alice"), s.visitor(t, "bob")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	form := url.Values{"csrf": {p.csrf()}, "code": {wrong(code)}, "trust": {"on"}}
	p = v.do(http.MethodPost, "/?sms_2fa=verify", asForm(), form.Encode())
	if !strings.Contains(p.body, `name="trust" value="on" checked`) {
		t.Errorf("the tick is lost: %s", p.body)
	}
	form.Set("code", code)
	if p = v.do(http.MethodPost, "/?sms_2fa=verify", asForm(), form.Encode()); p.status != http.StatusSeeOther {
		t.Fatalf("status %d", p.status)
	}
	other.login("/")
	time.Sleep(3 * time.Second)
	if !v.open("/").isApp() {
		t.Error("the trusted browser is asked again")
	}
	if other.open("/").isApp() {
		t.Error("idle does not end a session any more")
	}
}

// Without the option the field means nothing, and a session that was trusted lasts as long as others when the operator
// takes the option back.
func TestTrustTakenBack(t *testing.T) {
	t.Parallel()
	without := setup{directive: "session 3s"}
	s := startSite(t, without)
	v := s.visitor(t, "alice")
	if p := v.open("/"); strings.Contains(p.body, `name="trust"`) {
		t.Error("the choice is offered without the option")
	}
	with := setup{directive: "session 3s\ntrust 1h", listen: s.URL, provider: s.provider}
	if err := s.Reload(with.caddyfile()); err != nil {
		t.Fatal(err)
	}
	b := s.visitor(t, "bob")
	b.loginTicking("on")
	time.Sleep(4 * time.Second)
	if !b.open("/").isApp() {
		t.Error("the trusted browser is asked again")
	}
	without.listen, without.provider = s.URL, s.provider
	if err := s.Reload(without.caddyfile()); err != nil {
		t.Fatal(err)
	}
	if b.open("/").isApp() {
		t.Error("a session lasts longer than the gate allows now")
	}
}
