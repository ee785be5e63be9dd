package caddymodule_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// With idle, a younger cookie goes out on answers of the app. No cache that several people share may keep such an
// answer, whatever the app says of it, and every other answer stays as the app has made it.
func TestRenewedCookieStaysPrivate(t *testing.T) {
	t.Parallel()
	const idle = 6 * time.Second
	s := startSite(t, setup{directive: "idle " + idle.String(), site: `
	handle /public {
		header Cache-Control "public, max-age=600, s-maxage=60"
		header CDN-Cache-Control "max-age=600"
		respond "app public"
	}
	handle /same {
		header Cache-Control public
		respond 304
	}`})
	v := s.visitor(t, "alice")
	v.login("/")
	renewed := func(p page) bool {
		return slices.ContainsFunc(p.header["Set-Cookie"], func(c string) bool { return strings.HasPrefix(c, "sms2fa=") })
	}
	if p := v.open("/public"); renewed(p) || p.header.Get("Cache-Control") != "public, max-age=600, s-maxage=60" {
		t.Errorf("too early: %v", p.header)
	}
	seen := 0
	for range 4 {
		time.Sleep(idle * 3 / 10) // a token is renewed when a quarter is over
		if p := v.do(http.MethodGet, "/same", nil, ""); renewed(p) || p.header.Get("Cache-Control") != "public" {
			t.Errorf("304: status %d, %v", p.status, p.header)
		}
		p := v.open("/public")
		if !p.isApp() {
			t.Fatalf("a visitor who was never idle is asked again: status %d", p.status)
		}
		if !renewed(p) {
			continue
		}
		seen++
		if got := p.header.Get("Cache-Control"); got != "private, max-age=600" || p.header.Get("CDN-Cache-Control") != "" {
			t.Errorf("renewed on an answer with %q, %v", got, p.header)
		}
	}
	if seen < 3 {
		t.Errorf("renewed %d times", seen)
	}
}
