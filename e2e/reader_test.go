package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// What axe cannot see: what a screen reader says, where the focus is, and what moves.

// announcements counts how often the words of a live region change from now on.
const announcements = `window.announced = 0;
	for (const region of document.querySelectorAll("[role=alert], [role=status], [aria-live]")) {
		let words = region.textContent;
		new MutationObserver(() => {
			if (region.textContent !== words) { words = region.textContent; window.announced++; }
		}).observe(region, {childList: true, characterData: true, subtree: true});
	}`

// Ten seconds of a countdown are not announced, whether the visitor waits for a text or for the end of a block.
func TestCountdownsAreSilent(t *testing.T) {
	s := startSite(t, "languages en\nresend_after 80s\nblock 80s")
	b := s.open(t, "alice")
	b.visit("/")
	code := s.provider.Wait(t, 1).CodeInText()
	for _, state := range []string{"waiting", "blocked"} {
		if state == "blocked" {
			for _, left := range []string{"2 tries left", "1 try left", "too many wrong codes"} {
				b.enters(wrong(code))
				b.sees(left)
			}
		}
		before := b.eval("document.body.innerText")
		b.eval("(() => {" + announcements + "})()")
		time.Sleep(10 * time.Second)
		if after := b.eval("document.body.innerText"); after == before {
			t.Errorf("%s: nothing counts down: %s", state, after)
		}
		if changes := b.eval("window.announced"); changes != "0" {
			t.Errorf("%s: %s changes of live regions", state, changes)
		}
	}
}

// What the page tells of a mistake, where the focus is, and how the field is described.
func TestWhatAReaderHears(t *testing.T) {
	s := startSite(t, "languages en\nresend_after 0s")
	b := s.open(t, "alice")
	b.visit("/")
	b.sees("digit code")
	if title := b.eval("document.title"); title != "Enter the code – Acme" {
		t.Errorf("title %q", title)
	}
	heard := b.eval(`(() => {
		const text = (id) => { const copy = document.getElementById(id).cloneNode(true);
			copy.querySelectorAll("[aria-hidden]").forEach((e) => e.remove()); return copy.textContent; };
		return document.getElementById("code").getAttribute("aria-describedby").split(" ").map(text).join(" | ");
	})()`)
	if !strings.HasPrefix(heard, "We sent a text with a code to ending in 06. | The code is valid for 5 minutes.") {
		t.Errorf("the field is described by %q", heard)
	}
	if key := b.eval(`document.getElementById("code").enterKeyHint`); key != "go" {
		t.Errorf("the key is named %q", key)
	}
	code := s.provider.Wait(t, 1).CodeInText()
	b.enters(wrong(code))
	b.sees("2 tries left")
	if title := b.eval("document.title"); title != "Error: Enter the code – Acme" {
		t.Errorf("title after a wrong code %q", title)
	}
	b.focuses("code")
	s.provider.FailWith("1530")
	b.do(chromedp.Click(chromedp.CSS("#resend")))
	b.sees("was not delivered")
	b.focuses("resend")
	if title := b.eval("document.title"); !strings.HasPrefix(title, "Error: ") {
		t.Errorf("title where nothing was sent %q", title)
	}
}

// focuses waits until the focus is where it belongs: a page that was loaded puts it there in a moment.
func (b *browser) focuses(id string) {
	b.t.Helper()
	testenv.Await(b.t, "the focus is on "+id, func() bool { return b.eval("document.activeElement.id") == id })
}

// Typed digits wait for the button; what comes all at once is sent at once (WCAG 2.2, 3.2.2).
func TestTypedDigitsWait(t *testing.T) {
	s := startSite(t, "languages en")
	b := s.open(t, "alice")
	b.visit("/typed")
	b.sees("this page goes on by itself")
	code := s.provider.Wait(t, 1).CodeInText()
	b.types(code)
	time.Sleep(time.Second)
	b.sees("digit code")
	if typed := b.eval(`document.getElementById("code").value`); typed != code {
		t.Fatalf("the field holds %q", typed)
	}
	b.presses("#verify button")
	b.sees("app /typed")
	for name, pasted := range map[string]string{
		"alone": "%s", "in groups": " %[1]s ", "the whole text": "Acme: your code is %s. It is valid for 5 min.",
	} {
		b.do(chromedp.Click(chromedp.CSS("button"))) // sign out
		b.sees("No text was sent")
		b.visit("/" + strings.ReplaceAll(name, " ", "-"))
		b.sees("digit code")
		b.eval(fmt.Sprintf(`(() => { const f = document.getElementById("code"); f.focus();
			document.execCommand("insertText", false, %s); return ""; })()`,
			strconv.Quote(fmt.Sprintf(pasted, s.latest(t)))))
		b.sees("app /" + strings.ReplaceAll(name, " ", "-"))
	}
}

// When the time of a block is over, the page goes on by itself, and that costs no text.
func TestPageGoesOnAfterABlock(t *testing.T) {
	s := startSite(t, "languages en\nblock 4s\nresend_after 0s\n"+
		"help https://example.com/help\ncontact \"room 12\"\nshow_user on")
	b := s.open(t, "alice")
	b.visit("/deep?x=1#part")
	code := s.provider.Wait(t, 1).CodeInText()
	for _, left := range []string{"2 tries left", "1 try left", "too many wrong codes"} {
		b.enters(wrong(code))
		b.sees(left)
	}
	b.sees("this page goes on by itself")
	b.sees("Contact: room 12")
	b.shot("ways-blocked")
	b.do(chromedp.WaitVisible(chromedp.CSS("[data-state=start], [data-state=enter]")))
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("going on sent a text: %d", n)
	}
	b.presses("#resend")
	b.sees("digit code")
	b.do(chromedp.Click(chromedp.CSS("summary")))
	b.sees("Is your phone switched on")
	b.shot("ways-no-text")
	b.enters(s.latest(t))
	b.sees("app /deep?x=1")
	if hash := b.eval("location.hash"); hash != "#part" {
		t.Errorf("the fragment is %q", hash)
	}
}

// A page that a narrow window, a zoom of 400 % or forced colours break is found here: nothing stands out to the side.
func TestNarrowPages(t *testing.T) {
	s := startSite(t, "trust 30d\nhelp https://example.com/help\ncontact \"Help desk, room 12\"\nshow_user on")
	for _, language := range []string{"de", "ar", "ja", "hi", "uk", "en"} {
		b := s.open(t, "alice")
		b.prefers(language)
		b.visit("/")
		b.do(chromedp.WaitVisible(chromedp.CSS("#code")), chromedp.EmulateViewport(320, 640),
			chromedp.Click(chromedp.CSS("summary")))
		if wide := b.eval("document.documentElement.scrollWidth"); wide != "320" {
			t.Errorf("%s: the page is %s pixels wide", language, wide)
		}
		if lang := b.eval("document.documentElement.lang"); lang != language {
			t.Errorf("the page is in %s, want %s", lang, language)
		}
		b.picture("artifacts/narrow-" + language + ".png")
		b.audit("narrow " + language)
	}
}

// audit looks at a page of the gate with axe, where the environment variable AXE names its script, and makes sure
// that it finds nothing.
func (b *browser) audit(name string) {
	b.t.Helper()
	file := os.Getenv("AXE")
	if file == "" || b.scriptless || b.eval("document.body.dataset.state") == "undefined" {
		return
	}
	script, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	b.eval("(() => {" + string(script) + `; document.body.dataset.axe = ""; axe.run().then((r) => {
		const found = r.violations.map((v) => v.id + " at " + v.nodes[0].html);
		document.body.dataset.axe = "found " + found.join(", "); }); })()`)
	b.do(chromedp.WaitVisible(chromedp.CSS(`[data-axe^="found"]`)))
	if found := b.eval("document.body.dataset.axe"); found != "found " {
		b.t.Errorf("%s: axe %s", name, found)
	}
}
