package caddymodule_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

const (
	signOutButton = `action="?a=1:2&amp;sms_2fa=logout" id="logout"`
	nobodySigned  = "Nobody is signed in"
)

// Asking to sign out changes nothing: with a session that lives the page has a button, without one it says so.
func TestAskingToSignOut(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "max_age 12h"})
	const ask = "/page?a=1:2&sms_2fa=logout"
	v, stranger := s.visitor(t, "alice"), s.visitor(t, "bob")
	if p := v.open(ask); p.status != http.StatusOK || !strings.Contains(p.body, nobodySigned) {
		t.Errorf("before the code: status %d, %s", p.status, p.body)
	}
	v.login("/")
	for range 2 {
		if p := v.open(ask); p.status != http.StatusOK || !strings.Contains(p.body, signOutButton) {
			t.Errorf("with a session: status %d, %s", p.status, p.body)
		}
	}
	if !v.open("/").isApp() {
		t.Error("asking has ended the session")
	}
	stranger.setCookie("sms2fa", v.cookie("sms2fa"))
	if p := stranger.open(ask); !strings.Contains(p.body, nobodySigned) {
		t.Errorf("with the session of another user: %s", p.body)
	}
	copied := v.cookie("sms2fa")
	p, at := v.post(v.open(ask), ask, "logout", "")
	if to := p.leadsTo(t, at); p.status != http.StatusSeeOther || to != ask {
		t.Fatalf("the button: status %d, location %q", p.status, to)
	}
	if p = v.open(ask); !strings.Contains(p.body, nobodySigned) || !strings.Contains(p.body, "No text was sent") {
		t.Errorf("after the button: %s", p.body)
	}
	v.setCookie("sms2fa", copied)
	if p = v.open(ask); !strings.Contains(p.body, nobodySigned) {
		t.Errorf("with a session that is ended: %s", p.body)
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}

// A session that is too old for a route lives all the same; a visitor whom the first factor does not name has none.
func TestAskingToSignOutOfAnOldSession(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "max_age 1ns\nresend_after 0s"})
	v := s.visitor(t, "alice")
	p := v.open("/")
	v.submit(p, "/", s.provider.Wait(t, 1).CodeInText())
	if p = v.do(http.MethodGet, "/", nil, ""); p.isApp() {
		t.Fatal("the session is not too old")
	}
	if p = v.open("/?sms_2fa=logout"); !strings.Contains(p.body, `id="logout"`) {
		t.Errorf("too old: %s", p.body)
	}
	s = startSite(t, setup{directive: "user {http.request.header.X-Nobody}"})
	if p = s.visitor(t, "alice").open("/?sms_2fa=logout"); !strings.Contains(p.body, nobodySigned) {
		t.Errorf("nobody: %s", p.body)
	}
}

// Where the store is silent, nobody can say whether a session lives.
func TestAskingToSignOutInAnOutage(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{global: onRedis(testenv.FreeAddr(t))})
	v := s.visitor(t, "alice")
	if p := v.open("/?sms_2fa=logout"); p.status != http.StatusOK || !strings.Contains(p.body, nobodySigned) {
		t.Errorf("without a session: status %d", p.status)
	}
	v.setCookie("sms2fa", "x.y.z")
	if p := v.open("/?sms_2fa=logout"); p.status != http.StatusServiceUnavailable || p.header.Get("Retry-After") == "" {
		t.Errorf("with one: status %d", p.status)
	}
}
