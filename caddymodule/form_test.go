package caddymodule_test

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// diary is an app that tells what was posted to it.
const diary = `
	handle /save* {
		respond "saved {http.request.method} {http.request.orig_uri} {http.request.uri} ` +
	`{http.request.header.Content-Type} from {http.request.header.Referer} ` +
	`cookies [{http.request.header.Cookie}]: {http.request.body}"
	}`

// fill sends a form whose page is at /new.
func (v *visitor) fill(path, kind, body string) page {
	v.t.Helper()
	h := asForm()
	h.Set("Content-Type", kind)
	h.Set("Referer", v.base+"/new")
	return v.do(http.MethodPost, path, h, body)
}

// forgetSession takes the session from the browser, as if its time were over.
func (v *visitor) forgetSession() { v.setCookie("sms2fa", "") }

// enter types the latest code and follows to where the page leads.
func (v *visitor) enter(p page, path string) page {
	v.t.Helper()
	code := ""
	for _, text := range v.site.provider.Texts() {
		if text.To == map[string]string{"alice": "15005550006", "bob": "15005550009"}[v.user] {
			code = text.CodeInText()
		}
	}
	if p = v.submit(p, path, code); p.status != http.StatusSeeOther {
		v.t.Fatalf("right code: status %d, %.400s", p.status, p.body)
	}
	return v.do(http.MethodGet, strings.SplitN(path, "?", 2)[0]+p.header.Get("Location"), asPage(), "")
}

// choose presses one of the buttons under the question whether to send the form.
func (v *visitor) choose(p page, path, button string) page {
	v.t.Helper()
	form := url.Values{"csrf": {p.csrf()}, "form": {button}}
	return v.do(http.MethodPost, withParameter(path, "restore"), asForm(), form.Encode())
}

const urlencoded = "application/x-www-form-urlencoded"

// What a visitor had entered when the session ended is sent after the code, once, byte for byte.
func TestInterruptedFormComesBack(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: diary, directive: "resend_after 0s\nsends 100 per 1h"})
	file := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\n\r\n\x01\x02\xfe\r\n--b--\r\n"
	for _, tt := range []struct{ name, path, kind, body string }{
		{"fields", "/save", urlencoded, "title=a&csrf_token=t%2Bu&text=x%0D%0Ay&empty="},
		{"query", "/save?x=1;y=%zz&sms=2", urlencoded, "a=b"},
		{"file", "/save/upload", "multipart/form-data; boundary=b", file},
		{"article", "/save", urlencoded, "text=" + strings.Repeat("abc+", 50_000)},
		{"nothing", "/save", urlencoded, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := s.visitor(t, "alice")
			v.login("/")
			v.setCookie("session", "app") // the app's own
			v.forgetSession()
			p := v.fill(tt.path, tt.kind, tt.body)
			if p.status != http.StatusForbidden || !strings.Contains(p.body, "What you had entered is kept.") {
				t.Fatalf("page: status %d, %s", p.status, p.body)
			}
			p = v.enter(p, tt.path)
			if p.status != http.StatusOK || !strings.Contains(p.body, "Send what you had entered?") {
				t.Fatalf("question: status %d, %s", p.status, p.body)
			}
			if strings.Contains(p.body, "csrf_token") {
				t.Error("the page holds what was entered")
			}
			p = v.choose(p, tt.path, "send")
			uri, _, _ := strings.Cut(tt.path, "#")
			want := fmt.Sprintf("saved POST %s %s %s from %s/new cookies [session=app]: %s", uri, uri, tt.kind, v.base, tt.body)
			if p.status != http.StatusOK || p.body != want {
				t.Errorf("the app got, with status %d,\n%.300q, want\n%.300q", p.status, p.body, want)
			}
			for range 2 {
				again := v.do(http.MethodGet, withParameter(tt.path, "restore"), asPage(), "")
				if again.status != http.StatusSeeOther {
					t.Errorf("the question is asked again: status %d, %s", again.status, again.body)
				}
			}
		})
	}
}

// A form is sent once, however often the button is pressed, and never where the visitor says no.
func TestInterruptedFormIsSentOnce(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: diary, directive: "resend_after 0s\nsends 100 per 1h"})
	for name, tt := range map[string]struct {
		button string
		times  int32
	}{"send": {"send", 1}, "drop": {"drop", 0}, "neither": {"", 0}} {
		t.Run(name, func(t *testing.T) {
			v := s.visitor(t, "alice")
			p := v.enter(v.fill("/save", urlencoded, "a=b"), "/save")
			var saved atomic.Int32
			var presses sync.WaitGroup
			form := url.Values{"csrf": {p.csrf()}, "form": {tt.button}}.Encode()
			for range 10 {
				presses.Go(func() {
					p, err := v.try(http.MethodPost, "/save?sms_2fa=restore", asForm(), form)
					if err == nil && strings.HasPrefix(p.body, "saved") {
						saved.Add(1)
					}
				})
			}
			presses.Wait()
			if saved.Load() != tt.times {
				t.Errorf("saved %d times, want %d", saved.Load(), tt.times)
			}
		})
	}
}

// Several tabs: each form comes back at its own address, and of two at one address both do.
func TestInterruptedFormsOfTabs(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: diary})
	v := s.visitor(t, "alice")
	first := v.fill("/save/1", urlencoded, "a=1")
	v.fill("/save/2", urlencoded, "a=2")
	v.fill("/save/2", urlencoded, "a=3")
	p := v.choose(v.enter(first, "/save/1"), "/save/1", "send")
	if !strings.HasSuffix(p.body, ": a=1") {
		t.Errorf("first tab: %s", p.body)
	}
	for _, want := range []string{": a=3", ": a=2"} {
		p := v.do(http.MethodGet, "/save/2?sms_2fa=restore", asPage(), "")
		if p = v.choose(p, "/save/2", "send"); !strings.HasSuffix(p.body, want) {
			t.Errorf("want %s, got %s", want, p.body)
		}
	}
}

// What is not surely a form that this visitor has sent from this site is not kept, and what is kept is nobody else's.
func TestFormsThatAreNotKept(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: diary, directive: "resend_after 0s\nsends 100 per 1h\nrestore 10kB"})
	from := func(site, kind string) http.Header {
		h := asForm()
		h.Set("Sec-Fetch-Site", site)
		h.Set("Content-Type", kind)
		return h
	}
	scripted := from("same-origin", urlencoded)
	scripted.Set("Sec-Fetch-Mode", "cors")
	scripted.Set("Sec-Fetch-Dest", "empty")
	for name, tt := range map[string]struct {
		header http.Header
		size   int
		lost   bool // the page says that the form was not saved
	}{
		"too large":        {from("same-origin", urlencoded), 10_001, true},
		"another site":     {from("cross-site", urlencoded), 3, false},
		"a neighbour":      {from("same-site", urlencoded), 3, false},
		"no page":          {from("none", urlencoded), 3, false},
		"plain text":       {from("same-origin", "text/plain"), 3, false},
		"a script's fetch": {scripted, 3, false},
		"no browser":       {http.Header{"Content-Type": {urlencoded}}, 3, false},
	} {
		v := s.visitor(t, "alice")
		p := v.do(http.MethodPost, "/save", tt.header, strings.Repeat("a", tt.size))
		lost := strings.Contains(p.body, "could not be saved")
		if lost != tt.lost || strings.Contains(p.body, "is kept") || v.cookie("sms2fa_challenge_forms") != "" {
			t.Errorf("%s: status %d, %s", name, p.status, p.body)
		}
		if strings.HasPrefix(p.body, "saved") {
			t.Errorf("%s: the app was reached", name)
		}
	}
}

func TestFormsOfOthers(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: diary, directive: "resend_after 0s\nsends 100 per 1h"})
	for name, change := range map[string]func(v *visitor) *visitor{
		"another user of the browser": func(v *visitor) *visitor { v.user = "bob"; return v },
		"another session of the app":  func(v *visitor) *visitor { v.setCookie("session", "other"); return v },
		"another browser": func(v *visitor) *visitor {
			other := s.visitor(t, "alice")
			other.setCookie("session", "app")
			return other
		},
		"an ID that was guessed": func(v *visitor) *visitor {
			v.setCookie("sms2fa_challenge_forms", strings.Repeat("A", 26))
			return v
		},
	} {
		v := s.visitor(t, "alice")
		v.setCookie("session", "app")
		if p := v.fill("/save", urlencoded, "a=b"); !strings.Contains(p.body, "is kept") {
			t.Fatalf("%s: %s", name, p.body)
		}
		v = change(v)
		v.enter(v.open("/"), "/")
		p := v.do(http.MethodGet, "/save?sms_2fa=restore", asPage(), "")
		if strings.Contains(p.body, "Send what you had entered?") {
			t.Errorf("%s: asked whether to send it", name)
		}
		p = v.choose(v.do(http.MethodGet, "/?sms_2fa=account", asPage(), ""), "/save", "send")
		if strings.HasPrefix(p.body, "saved") {
			t.Errorf("%s: the app got %s", name, p.body)
		}
	}
}

// The request that sends a form proves its page, as every form does, and needs a session that lives.
func TestForgedRestore(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: diary})
	v := s.visitor(t, "alice")
	asked := v.enter(v.fill("/save", urlencoded, "a=b"), "/save")
	crossSite := asForm()
	crossSite.Set("Sec-Fetch-Site", "cross-site")
	good := url.Values{"csrf": {asked.csrf()}, "form": {"send"}}.Encode()
	for name, tt := range map[string]struct {
		header http.Header
		body   string
	}{
		"without the proof": {asForm(), "form=send"},
		"wrong proof":       {asForm(), "form=send&csrf=AAAA"},
		"another site":      {crossSite, good},
		"JSON":              {asJSON(), `{}`},
	} {
		p := v.do(http.MethodPost, "/save?sms_2fa=restore", tt.header, tt.body)
		if p.status < 400 || strings.HasPrefix(p.body, "saved") {
			t.Errorf("%s: status %d, %s", name, p.status, p.body)
		}
	}
	session := v.cookie("sms2fa")
	v.forgetSession()
	if p := v.do(http.MethodPost, "/save?sms_2fa=restore", asForm(), good); p.status != http.StatusSeeOther {
		t.Errorf("without a session: status %d, %s", p.status, p.body)
	}
	v.setCookie("sms2fa", session)
	if p := v.do(http.MethodPost, "/save?sms_2fa=restore", asForm(), good); !strings.HasPrefix(p.body, "saved") {
		t.Errorf("in the end: status %d, %s", p.status, p.body)
	}
}

// What is kept of a form is encrypted, and the cookie says nothing of it.
func TestKeptFormIsUnreadable(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: diary})
	v := s.visitor(t, "alice")
	const secret = "the-diary-of-alice"
	v.fill("/save?"+secret, urlencoded, "text="+strings.Repeat(secret, 10))
	content, err := os.ReadFile(filepath.Join(s.Data, "caddy", "sms_2fa", "store.db"))
	if err != nil || bytes.Contains(content, []byte(secret)) {
		t.Errorf("the form is readable in the store, %v", err)
	}
	u, _ := url.Parse(s.URL)
	for _, c := range v.http.Jar.Cookies(u) {
		if strings.Contains(c.Value, "diary") {
			t.Errorf("cookie %s: %s", c.Name, c.Value)
		}
	}
}

// What becomes of forms is counted.
func TestFormsAreCounted(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: diary})
	v := s.visitor(t, "alice")
	v.choose(v.enter(v.fill("/save", urlencoded, "a=b"), "/save"), "/save", "send")
	metrics := s.Get("/metrics")
	for _, want := range []string{`forms_total{result="held"} 1`, `forms_total{result="sent"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// With "restore off" nothing is kept, and the page says so.
func TestRestoreOff(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: diary, directive: "restore off"})
	p := s.visitor(t, "alice").fill("/save", urlencoded, "a=b")
	if !strings.Contains(html.UnescapeString(p.body), "could not be saved") {
		t.Errorf("status %d, %s", p.status, p.body)
	}
}
