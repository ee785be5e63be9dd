package caddymodule_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// inScript writes the digits of a code in another script, given that script's zero.
func inScript(zero rune, code string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		return zero + r - '0'
	}, code)
}

// What a keyboard or a clipboard puts around and between the digits does not matter.
func TestTypedCodes(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s\nsends 100 per 1h"})
	for name, typed := range map[string]func(text, code string) string{
		"the whole text":      func(text, _ string) string { return text },
		"Arabic-Indic":        func(_, code string) string { return "\u200f" + inScript('٠', code) },
		"full-width":          func(_, code string) string { return inScript('０', code[:3]+"ー"+code[3:]) },
		"in groups":           func(_, code string) string { return code[:3] + "\u00a0\u2013 " + code[3:] + "\r\n" },
		"another's message":   func(_, code string) string { return "code: " + code + ". valid 5 minutes" },
		"last line of a text": func(_, code string) string { return "@localhost #" + code },
	} {
		v := s.visitor(t, "alice")
		p := v.open("/")
		texts := s.provider.Texts()
		text := texts[len(texts)-1]
		if a := v.submit(p, "/", typed(text.Text, text.CodeInText())); a.status != http.StatusSeeOther {
			t.Errorf("%s: status %d", name, a.status)
		}
	}
}

// What is no code is refused in words and not counted, on the page and as JSON.
func TestWhatIsNoCodeIsNotCounted(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	for name, typed := range map[string]string{
		"five digits": code[:5], "words": "what code?", "two codes": code + " or " + wrong(code),
	} {
		a := v.submit(p, "/", typed)
		if a.status != http.StatusForbidden || !strings.Contains(a.body, "A code has 6 digits.") {
			t.Errorf("%s, page: status %d, %s", name, a.status, a.body)
		}
		a = v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), fmt.Sprintf(`{"code":%q}`, typed))
		words := strings.HasPrefix(field(a.body, "detail"), "A code has 6 digits.")
		if a.status != http.StatusForbidden || a.problem() != "code-incorrect" || !words {
			t.Errorf("%s, JSON: status %d, %s", name, a.status, a.body)
		}
		if left := field(a.body, "attempts_left"); left != "3" {
			t.Errorf("%s: %s attempts left", name, left)
		}
	}
	novel := strings.Repeat("It was a dark night. ", 300) + code
	a := v.submit(p, "/", novel)
	if a.status != http.StatusBadRequest || !strings.Contains(a.body, "A code has 6 digits.") {
		t.Errorf("a novel: status %d, %s", a.status, a.body)
	}
	if a := v.submit(p, "/", code); a.status != http.StatusSeeOther {
		t.Errorf("the code, after all that: status %d", a.status)
	}
}
