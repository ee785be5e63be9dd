package caddymodule_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// fetched are the headers of a browser's request of that mode, destination and site.
func fetched(mode, dest, site string) http.Header {
	return http.Header{
		"Sec-Fetch-Mode": {mode}, "Sec-Fetch-Dest": {dest}, "Sec-Fetch-Site": {site}, "Accept": {"text/html,*/*"},
	}
}

// A service worker hands a navigation on without its destination: the visitor sees the page, and gets a text.
func TestNavigationThroughAServiceWorker(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	p := v.do(http.MethodGet, "/", fetched("navigate", "empty", "same-origin"), "")
	if p.status != http.StatusForbidden || p.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("status %d, %s", p.status, p.body)
	}
	if p = v.submit(p, "/", s.provider.Wait(t, 1).CodeInText()); p.status != http.StatusSeeOther {
		t.Errorf("right code: status %d", p.status)
	}
}

// Inside another page there is a link out of it, which costs no text; whatever the answer is, it may be framed, and
// nothing else may.
func TestFrames(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	tests := []struct {
		name, user, method, path string
		status                   int
	}{
		{"page", "alice", http.MethodGet, "/a:b?from=12:30", http.StatusForbidden},
		{"nobody", "nobody", http.MethodGet, "/", http.StatusForbidden},
		{"form of the app", "alice", http.MethodPost, "/", http.StatusForbidden},
		{"action", "alice", http.MethodGet, "/?sms_2fa=verify", http.StatusBadRequest},
		{"logout", "alice", http.MethodGet, "/?sms_2fa=logout", http.StatusBadRequest},
		{"form of the page", "alice", http.MethodPost, "/?sms_2fa=send", http.StatusForbidden},
	}
	for _, dest := range []string{"iframe", "frame", "embed", "object"} {
		for _, tt := range tests {
			header := fetched("navigate", dest, "cross-site")
			if tt.method == http.MethodPost {
				header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			p := s.visitor(t, tt.user).do(tt.method, tt.path, header, "")
			if p.status != tt.status || !strings.Contains(p.body, `target="_top"`) || strings.Contains(p.body, "<form") {
				t.Errorf("%s in %s: status %d, %s", tt.name, dest, p.status, p.body)
			}
			policy := p.header.Get("Content-Security-Policy")
			if p.header.Get("X-Frame-Options") != "" || strings.Contains(policy, "frame-ancestors") || policy == "" {
				t.Errorf("%s in %s cannot be framed: %q", tt.name, dest, p.header)
			}
			if p.header["Set-Cookie"] != nil {
				t.Errorf("%s in %s sets a cookie", tt.name, dest)
			}
		}
	}
	for _, header := range []http.Header{fetched("no-cors", "embed", "none"), fetched("cors", "iframe", "none")} {
		if p := s.visitor(t, "alice").do(http.MethodGet, "/", header, ""); p.problem() != "verification-required" {
			t.Errorf("%v: status %d, %s", header, p.status, p.body)
		}
	}
	if p := s.visitor(t, "nobody").open("/"); p.header.Get("X-Frame-Options") != "DENY" {
		t.Error("a page in the whole window can be framed")
	}
	time.Sleep(100 * time.Millisecond)
	if n := len(s.provider.Texts()); n != 0 {
		t.Errorf("%d texts", n)
	}
	v := s.visitor(t, "alice")
	v.login("/")
	if p := v.do(http.MethodGet, "/", fetched("navigate", "iframe", "same-origin"), ""); !p.isApp() {
		t.Errorf("a verified frame: status %d", p.status)
	}
}
