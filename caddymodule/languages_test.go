package caddymodule_test

import (
	"net/http"
	"strings"
	"testing"
)

// Single words are the operator's own, and all others stay.
func TestOwnWords(t *testing.T) {
	t.Parallel()
	words := writeFile(t, "words.json",
		`{"en": {"title-enter": "Type <it>", "sms-code": "{brand} says {code}", "code-valid": "You have {time}."}}`)
	s := startSite(t, setup{directive: "words " + words})
	p := s.visitor(t, "alice").open("/")
	for _, want := range []string{"<h1>Type &lt;it&gt;</h1>", "You have 5 minutes.", "Continue"} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the page lacks %q: %s", want, p.body)
		}
	}
	if text := s.provider.Wait(t, 1).Text; !strings.HasPrefix(text, "Acme says ") {
		t.Errorf("text %q", text)
	}
}

// Page and text speak the language that the browser asks for, of those that the gate has.
func TestLanguages(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "languages de ar en\nresend_after 0s\nsends 100 per 1h"})
	for _, tt := range []struct{ user, header, html, title, text string }{
		{"alice", "de-CH,de;q=0.9", `<html lang="de" dir="ltr">`, "Code eingeben", "Acme: Ihr Code ist "},
		{"bob", "ar-EG", `<html lang="ar" dir="rtl">`, "أدخل الرمز", "Acme: رمزك "},
		{"carol", "ja,fr;q=0.5", `<html lang="de" dir="ltr">`, "Code eingeben", "Acme: Ihr Code ist "},
	} {
		v := s.visitor(t, tt.user)
		h := asPage()
		h.Set("Accept-Language", tt.header)
		n := len(s.provider.Texts())
		p := v.do(http.MethodGet, "/", h, "")
		if !strings.Contains(p.body, tt.html) || !strings.Contains(p.body, "<h1>"+tt.title+"</h1>") {
			t.Errorf("%s: page %s", tt.header, p.body)
		}
		if got := p.header.Get("Content-Language"); !strings.Contains(tt.html, `"`+got+`"`) {
			t.Errorf("%s: Content-Language %s", tt.header, got)
		}
		if text := s.provider.Wait(t, n+1).Text; !strings.HasPrefix(text, tt.text) {
			t.Errorf("%s: text %q", tt.header, text)
		}
	}
}
