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

// A page that another site opens by script shows the button; one that a person asked for sends the text at once.
func TestAnotherSiteOpensThePage(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s\nsends 1000 per 10m"})
	clicked := func(h http.Header) http.Header { h.Set("Sec-Fetch-User", "?1"); return h }
	tests := []struct {
		name, method string
		header       http.Header
		texts        int
	}{
		{"script", http.MethodGet, fetched("navigate", "document", "cross-site"), 0},
		{"form sent by script", http.MethodPost, fetched("navigate", "document", "cross-site"), 0},
		{"script, with a false header", http.MethodGet, func() http.Header {
			h := fetched("navigate", "document", "cross-site")
			h.Set("Sec-Fetch-User", "?0")
			return h
		}(), 0},
		{"link", http.MethodGet, clicked(fetched("navigate", "document", "cross-site")), 1},
		{"portal of the first factor on this site", http.MethodGet, fetched("navigate", "document", "same-site"), 1},
		{"the app itself", http.MethodGet, fetched("navigate", "document", "same-origin"), 1},
		{"typed", http.MethodGet, fetched("navigate", "document", "none"), 1},
		{"browser without the headers", http.MethodGet, http.Header{"Accept": {"text/html"}}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := s.visitor(t, "alice")
			n := len(s.provider.Texts())
			p := v.do(tt.method, "/", tt.header, "")
			if tt.texts > 0 {
				s.provider.Wait(t, n+tt.texts)
			} else {
				if !strings.Contains(p.body, "Send code") {
					t.Fatalf("no button: status %d, %s", p.status, p.body)
				}
				time.Sleep(50 * time.Millisecond)
				if sent := len(s.provider.Texts()); sent != n {
					t.Fatalf("%d texts", sent-n)
				}
				if p = v.resend(p, "/"); p.status != http.StatusSeeOther {
					t.Fatalf("press: status %d, %s", p.status, p.body)
				}
				p = v.do(http.MethodGet, "/", tt.header, "") // the challenge that waits is shown, whoever opens the page
			}
			if p = v.submit(p, "/", s.provider.Wait(t, n+1).CodeInText()); p.status != http.StatusSeeOther {
				t.Errorf("right code: status %d, %s", p.status, p.body)
			}
			if sent := len(s.provider.Texts()); sent != n+1 {
				t.Errorf("%d texts", sent-n)
			}
		})
	}
}
