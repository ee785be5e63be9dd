package caddymodule_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// onePixel is a picture.
const onePixel = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00" +
	"\x1f\x15\xc4\x89" +
	"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whoever is stuck reads where to turn, on every page.
func TestWaysOut(t *testing.T) {
	t.Parallel()
	logo := writeFile(t, "logo.png", onePixel)
	s := startSite(t, setup{directive: fmt.Sprintf(
		"help https://example.com/help?a=1&b=2\ncontact \"room 12 <ask for Ann>\"\nlogo %s\nshow_user on", logo)})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	for _, want := range []string{
		`<a href="https://example.com/help?a=1&amp;b=2">Help with signing in</a>`,
		"Contact: room 12 &lt;ask for Ann&gt;", `<img class="logo" src="data:image/png;base64,`,
		"You are signed in as <bdi>alice</bdi>.", "No text message?", "ending in 06",
	} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the page lacks %s:\n%s", want, p.body)
		}
	}
	if csp := p.header.Get("Content-Security-Policy"); !strings.Contains(csp+";", "img-src data:;") {
		t.Errorf("policy %s", csp)
	}
	for range 3 {
		p = v.submit(p, "/", wrong(code))
	}
	if !strings.Contains(p.body, "Help with signing in") || !strings.Contains(p.body, "Contact: room 12") {
		t.Errorf("the page of a block has no way out: %s", p.body)
	}
	framed := asPage()
	framed.Set("Sec-Fetch-Dest", "iframe")
	if p := v.do(http.MethodGet, "/", framed, ""); strings.Contains(p.body, "alice") {
		t.Errorf("a frame tells who is there: %s", p.body)
	}
	if p := s.visitor(t, "bob").do(http.MethodPost, "/?sms_2fa=logout", asForm(), ""); p.status != http.StatusSeeOther {
		t.Errorf("sign out before the code: status %d", p.status)
	}
}

// When a wait is over, the page goes to where it reads how things stand: that costs no text.
func TestLookingAgainCostsNoText(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "block 2s"})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	if p := v.do(http.MethodGet, "/?sms_2fa=look", asPage(), ""); !strings.Contains(p.body, `data-state="enter"`) {
		t.Errorf("a challenge waits: %s", p.body)
	}
	for range 3 {
		p = v.submit(p, "/", wrong(code))
	}
	if !strings.Contains(p.body, `data-look="?sms_2fa=look"`) || !strings.Contains(p.body, `id="goes-on"`) {
		t.Errorf("the page of a block does not go on: %s", p.body)
	}
	if p := v.do(http.MethodGet, "/?sms_2fa=look", asPage(), ""); !strings.Contains(p.body, `data-state="blocked"`) {
		t.Errorf("in the block: %s", p.body)
	}
	time.Sleep(3 * time.Second)
	for range 3 {
		p = v.do(http.MethodGet, "/?sms_2fa=look", asPage(), "")
		if !strings.Contains(p.body, `data-state="start"`) && !strings.Contains(p.body, `data-state="enter"`) {
			t.Errorf("after the block: %s", p.body)
		}
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
	for name, p := range map[string]page{
		"a fetch": v.do(http.MethodGet, "/?sms_2fa=look", nil, ""),
		"a form":  v.do(http.MethodPost, "/?sms_2fa=look", asForm(), ""),
	} {
		if p.status != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, p.status)
		}
	}
	b := s.visitor(t, "bob")
	b.login("/deep?x=1")
	p = b.do(http.MethodGet, "/deep?x=1&sms_2fa=look", asPage(), "")
	if p.status != http.StatusSeeOther || p.leadsTo(t, "/deep?x=1") != "/deep?x=1" {
		t.Errorf("verified: status %d, to %s", p.status, p.header.Get("Location"))
	}
}
