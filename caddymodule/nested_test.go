package caddymodule_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

func TestZonesShareNothing(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: `
	@admin path /admin /admin/*
	handle @admin {
		sms_2fa {
			zone admin
		}
		respond "app admin"
	}`})
	v := s.visitor(t, "alice")
	v.login("/")
	if p := v.do(http.MethodGet, "/admin", nil, ""); p.status != http.StatusForbidden {
		t.Fatalf("a verification of another zone: status %d", p.status)
	}
	v.setCookie("sms2fa-admin", v.cookie("sms2fa"))
	if p := v.do(http.MethodGet, "/admin", nil, ""); p.status != http.StatusForbidden {
		t.Fatalf("a token of another zone: status %d", p.status)
	}
	v.login("/admin")
	if p := v.open("/"); !p.isApp() {
		t.Errorf("the first zone after the second: status %d", p.status)
	}
}

// A client without pages finds the gate behind another one by the name that the gate gives itself, and by no other.
func TestZonesBehindEachOther(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "zone outer", site: `
	@inner path /inner*
	handle @inner {
		sms_2fa
		respond "app inner {query}"
	}`})
	v := s.visitor(t, "alice")
	post := func(action, way, body string) page {
		return v.do(http.MethodPost, "/inner?sms_2fa="+action+way, asJSON(), body)
	}
	if p := post("send", "&sms_2fa_zone=default.x", "{}"); p.status != http.StatusBadRequest {
		t.Errorf("a gate that nobody is verified for yet: status %d", p.status)
	}
	v.login("/")
	p := v.do(http.MethodGet, "/inner", nil, "")
	way := field(p.body, "sms_2fa_zone")
	if p.status != http.StatusForbidden || !strings.HasPrefix(way, "default.") {
		t.Fatalf("status %d, %s", p.status, p.body)
	}
	other := "other" + strings.TrimPrefix(way, "default")
	for _, forged := range []string{"default", "default.", "default." + strings.Repeat("A", 22), other} {
		if a := post("send", "&sms_2fa_zone="+forged, "{}"); a.status != http.StatusBadRequest {
			t.Errorf("%s: status %d, %s", forged, a.status, a.body)
		}
	}
	if a := v.do(http.MethodPost, "/?sms_2fa=send&sms_2fa_zone="+way, asJSON(), "{}"); a.status != http.StatusBadRequest {
		t.Errorf("at an address without the inner gate: status %d, %s", a.status, a.body)
	}
	a := s.visitor(t, "bob").do(http.MethodPost, "/inner?sms_2fa=send&sms_2fa_zone="+way, asJSON(), "{}")
	if a.problem() != "verification-required" || field(a.body, "sms_2fa_zone") != "" {
		t.Errorf("somebody whom the outer gate has not let in: status %d, %s", a.status, a.body)
	}
	n := len(s.provider.Texts())
	if a := post("send", "&sms_2fa_zone="+way, "{}"); a.status != http.StatusAccepted {
		t.Fatalf("send: status %d, %s", a.status, a.body)
	}
	code := s.provider.Wait(t, n+1).CodeInText()
	if a := post("verify", "&sms_2fa_zone="+way, `{"code":"`+code+`"}`); a.status != http.StatusOK {
		t.Fatalf("verify: status %d, %s", a.status, a.body)
	}
	if a := v.do(http.MethodGet, "/inner", nil, ""); a.status != http.StatusOK || a.body != "app inner " {
		t.Errorf("status %d, %s", a.status, a.body)
	}
}

// marlin is the hash of another password, at the lowest cost. For a user without any, Caddy takes as long as the
// highest cost does, which is too long under the race detector.
const marlin = "$2a$04$b7fhzRtM2mUjDgQkTFEKiuosIr/fGlCgAbMNE5YLayuXp9DzPZs46"

// A site acts for its own zone only: whoever passes the first factor of one site is nobody on another, whatever their
// name.
func TestSiteActsForItsOwnZone(t *testing.T) {
	t.Parallel()
	bank := strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "localhost", 1)
	s := startSite(t, setup{directive: "zone forum"})
	forum := setup{provider: s.provider, listen: s.URL, directive: "zone forum\nphone {http.vars.phone}"}
	config := forum.caddyfile() + fmt.Sprintf(`
http://%s {
	bind 127.0.0.1
	basic_auth bcrypt {
		dave  %s
		alice %s
	}
	sms_2fa {
		zone bank
		phone {http.vars.phone}
	}
	respond "app bank"
}
`, bank, swordfish, marlin)
	if err := s.Reload(config); err != nil {
		t.Fatal(err)
	}
	v := s.visitor(t, "alice")
	there := visitorAt(t, s, "http://"+bank, "alice")
	if p := there.do(http.MethodGet, "/", nil, ""); p.status != http.StatusUnauthorized {
		t.Fatalf("alice at the bank: status %d", p.status)
	}
	for _, zone := range []string{"bank", "bank.", "bank." + strings.Repeat("A", 22)} {
		for _, action := range []string{"send", "verify", "logout"} {
			p := v.do(http.MethodPost, "/?sms_2fa="+action+"&sms_2fa_zone="+zone, asJSON(), "{}")
			if p.status != http.StatusBadRequest {
				t.Errorf("%s in %s: status %d, %s", action, zone, p.status, p.body)
			}
		}
	}
	if n := len(s.provider.Texts()); n != 0 {
		t.Errorf("%d texts", n)
	}
}

// A gate of the same zone behind another one receives its own forms: it may ask for more.
func TestGateBehindOneOfItsZone(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s", site: `
	handle /inner* {
		sms_2fa {
			max_age 4s
			resend_after 0s
		}
		respond "app inner"
	}`})
	v := s.visitor(t, "alice")
	v.login("/")
	time.Sleep(4100 * time.Millisecond)
	page := v.open("/inner")
	code := s.provider.Wait(t, 2).CodeInText()
	if page.status != http.StatusForbidden {
		t.Fatalf("status %d", page.status)
	}
	page = v.submit(page, "/inner", wrong(code))
	if page.status != http.StatusForbidden || !strings.Contains(page.body, "not right") {
		t.Errorf("wrong code: status %d, %.300s", page.status, page.body)
	}
	if page = v.submit(page, "/inner", code); page.status != http.StatusSeeOther {
		t.Errorf("right code: status %d", page.status)
	}
	if page = v.do(http.MethodGet, "/inner", nil, ""); page.body != "app inner" {
		t.Errorf("status %d, %s", page.status, page.body)
	}
}

// The app never sees our parameters, even where a gate stands behind another one for some requests only.
func TestAppNeverSeesOurParameters(t *testing.T) {
	t.Parallel()
	const inner = `
	@inner {
		path /x*
		query admin=1
	}
	handle @inner {
		sms_2fa {
			zone inner
		}
		respond inner
	}`
	s := startSite(t, setup{site: inner})
	v := s.visitor(t, "alice")
	v.login("/")
	way := field(v.do(http.MethodGet, "/x?admin=1", nil, "").body, "sms_2fa_zone")
	if !strings.HasPrefix(way, "inner.") {
		t.Fatalf("the inner gate calls itself %q", way)
	}
	config := setup{provider: s.provider, listen: s.URL, site: inner + `
	handle {
		respond "query=[{http.request.uri.query}]"
	}`}
	if err := s.Reload(config.caddyfile()); err != nil {
		t.Fatal(err)
	}
	if p := v.do(http.MethodPost, "/x?a=1&sms_2fa=verify&sms_2fa_zone="+way, asJSON(), "{}"); p.body != "query=[a=1]" {
		t.Errorf("status %d, %s", p.status, p.body)
	}
}

// Where the store has not been heard of, nobody can say which gate is meant: that is an outage, told in time, and no
// mistake of the visitor's.
func TestGateIsUnknownInAnOutage(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{global: onRedis(testenv.FreeAddr(t))})
	began := time.Now()
	p := s.visitor(t, "alice").do(http.MethodPost, "/?sms_2fa=verify&sms_2fa_zone=inner.x", asJSON(), `{"code":"123456"}`)
	told := p.status == http.StatusServiceUnavailable && p.problem() == "store-unavailable"
	if !told || p.header.Get("Retry-After") == "" {
		t.Errorf("status %d, %s", p.status, p.body)
	}
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("took %s", took)
	}
	p = s.visitor(t, "alice").open("/?sms_2fa=logout&sms_2fa_zone=inner.x")
	if p.status != http.StatusServiceUnavailable {
		t.Errorf("a page of another gate's, which needs no store: status %d", p.status)
	}
}
