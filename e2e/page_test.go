package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

func TestVisitorGetsInOnTheAddressAskedFor(t *testing.T) {
	s := startSite(t, "")
	b := s.open(t, "alice")
	b.visit("/deep/page?x=1&y=2")
	b.sees("••••••••06")
	b.shot("enter")
	if os.Getenv("UPDATE_PICTURE") != "" {
		b.do(chromedp.EmulateViewport(720, 560))
		b.picture(filepath.Join("..", "docs", "page.png"))
	}
	code := s.provider.Wait(t, 1).CodeInText()
	b.enters(wrong(code))
	b.sees("2 tries left")
	b.shot("wrong")
	if role := b.eval("document.getElementById('problem').getAttribute('role')"); role != "alert" {
		t.Errorf("the problem has the role %q", role)
	}
	b.enters(wrong(code))
	b.sees("1 try left")
	b.enters(code[:3] + " " + code[3:])
	b.sees("app /deep/page?x=1&y=2")
	b.do(chromedp.Reload())
	b.sees("app /deep/page?x=1&y=2")
	b.visit("/elsewhere")
	b.sees("app /elsewhere")
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
	b.do(chromedp.Click(chromedp.CSS("button")))
	b.sees("No text was sent")
	b.shot("signed-out")
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("signing out sent a text: %d", n)
	}
	if p := b.complained(); len(p) > 0 {
		t.Errorf("the browser complained: %q", p)
	}
}

func TestReloadBackAndSecondTabSendNothing(t *testing.T) {
	s := startSite(t, "")
	b := s.open(t, "alice")
	b.visit("/one")
	b.sees("digit code")
	code := s.provider.Wait(t, 1).CodeInText()
	b.do(chromedp.Reload())
	b.sees("digit code")
	b.visit("/two")
	b.sees("digit code")
	b.do(chromedp.NavigateBack())
	b.sees("digit code")
	tab, cancel := chromedp.NewContext(b.ctx)
	defer cancel()
	second := &browser{t: t, ctx: tab, at: s}
	if err := chromedp.Do(tab, chromedp.Navigate("http://"+s.host+"/three")); err != nil {
		t.Fatal(err)
	}
	second.sees("digit code")
	b.enters(code)
	b.sees("app /one")
	// The second tab goes on when it is looked at again, and its form leads to the app whatever is typed.
	second.eval("window.dispatchEvent(new Event('focus'))")
	second.sees("app /three")
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}

func TestPasteAndKeyboard(t *testing.T) {
	s := startSite(t, "")
	b := s.open(t, "alice")
	b.visit("/")
	b.sees("digit code")
	if focused := b.eval("document.activeElement.id"); focused != "code" {
		t.Errorf("the focus is on %q, want the field", focused)
	}
	b.do(chromedp.KeyEvent(kb.Tab))
	if focused := b.eval("document.activeElement.textContent"); focused != "Continue" {
		t.Errorf("after the field the focus is on %q", focused)
	}
	code := s.provider.Wait(t, 1).CodeInText()
	b.eval(`(() => { const f = document.getElementById("code"); f.focus();
		document.execCommand("insertText", false, "` + code[:3] + "-" + code[3:] + `"); return ""; })()`)
	b.sees("app /")
}

func TestResendButtonCountsDown(t *testing.T) {
	s := startSite(t, "resend_after 2s")
	b := s.open(t, "alice")
	b.visit("/")
	b.sees("You can ask for another text in")
	if disabled := b.eval("document.getElementById('resend').disabled"); disabled != "true" {
		t.Error("the button may be pressed too early")
	}
	first := s.provider.Wait(t, 1).CodeInText()
	b.do(chromedp.WaitEnabled(chromedp.CSS("#resend")), chromedp.Click(chromedp.CSS("#resend")))
	if second := s.provider.Wait(t, 2).CodeInText(); second != first {
		t.Error("the second text has another code")
	}
	b.sees("digit code")
	b.enters(first)
	b.sees("app /")
}

func TestWithoutJavaScript(t *testing.T) {
	s := startSite(t, "resend_after 1s")
	b := s.open(t, "alice")
	b.scripts(false)
	b.visit("/quiet?q=1")
	code := s.provider.Wait(t, 1).CodeInText()
	b.shot("no-script")
	time.Sleep(1100 * time.Millisecond)
	b.visit("/quiet?q=1")
	b.do(chromedp.Click(chromedp.CSS("#resend")))
	s.provider.Wait(t, 2)
	b.types(wrong(code) + kb.Enter)
	b.do(chromedp.WaitVisible(chromedp.CSS("#problem")))
	b.types(code + kb.Enter)
	b.do(chromedp.WaitVisible(chromedp.CSS("#app")))
	b.scripts(true)
	b.sees("app /quiet?q=1")
}

func TestBlockHoldsInEveryBrowser(t *testing.T) {
	s := startSite(t, "")
	b := s.open(t, "alice")
	b.visit("/")
	code := s.provider.Wait(t, 1).CodeInText()
	for _, left := range []string{"2 tries left", "1 try left", "too many wrong codes"} {
		b.enters(wrong(code))
		b.sees(left)
	}
	b.sees("15 minutes")
	b.shot("blocked")
	other := s.open(t, "alice")
	other.visit("/")
	other.sees("too many wrong codes")
}

func TestDoubleClick(t *testing.T) {
	s := startSite(t, "")
	b := s.open(t, "alice")
	b.scripts(false) // nothing keeps the browser from sending twice
	b.visit("/")
	code := s.provider.Wait(t, 1).CodeInText()
	b.types(code)
	b.do(chromedp.DoubleClick(chromedp.CSS("#verify button")))
	b.do(chromedp.WaitVisible(chromedp.CSS("#app")))
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}

func TestOtherStates(t *testing.T) {
	s := startSite(t, "send button")
	b := s.open(t, "alice")
	b.visit("/")
	b.sees("Send code")
	b.shot("start")
	s.provider.FailWith("1530")
	b.do(chromedp.Click(chromedp.CSS("#resend")))
	b.sees("was not delivered")
	b.shot("failed")
	s.provider.FailWith("")
	b.do(chromedp.Click(chromedp.CSS("#resend")))
	b.sees("digit code")
	stranger := s.open(t, "nobody")
	stranger.visit("/")
	stranger.sees("no phone number on file")
	stranger.shot("no-phone")
	if p := append(b.complained(), stranger.complained()...); len(p) > 0 {
		t.Errorf("the browser complained: %s", strings.Join(p, "; "))
	}
}

func TestOutage(t *testing.T) {
	redis := testenv.StartRedis(t)
	s := setup{global: "store redis {\naddress " + redis.Addr + "\n}"}.start(t)
	b := s.open(t, "alice")
	redis.Pause()
	b.visit("/")
	b.sees("Nothing is wrong with your code")
	b.shot("outage")
	redis.Resume()
}

// The page follows the text while the visitor looks at it: on its way, accepted, on the phone. What is typed meanwhile
// stays.
func TestDeliveredWhileTheVisitorLooks(t *testing.T) {
	s := setup{directive: "send_wait 100ms", reports: true}.start(t)
	s.provider.Misbehave(providers.Slow)
	b := s.open(t, "alice")
	b.visit("/")
	b.sees("is on its way to")
	b.shot("on-its-way")
	b.types("12")
	text := s.provider.Wait(t, 1)
	b.sees("has accepted the text")
	s.reports(t, text.ID, "delivered")
	b.sees("was delivered to your phone")
	b.shot("delivered")
	if typed := b.eval("document.getElementById('code').value"); typed != "12" {
		t.Errorf("the field holds %q", typed)
	}
	b.do(chromedp.Reload())
	b.sees("was delivered to")
	b.enters(text.CodeInText())
	b.sees("app /")
	if p := b.complained(); len(p) > 0 {
		t.Errorf("the browser complained: %q", p)
	}
}

// A text that is given up frees the button before its time; the next one has the same code.
func TestNotDeliveredTryAgain(t *testing.T) {
	s := setup{reports: true}.start(t)
	b := s.open(t, "alice")
	b.visit("/")
	b.sees("You can ask for another text in")
	text := s.provider.Wait(t, 1)
	s.reports(t, text.ID, "failed")
	b.sees("was not delivered. You can try again now")
	b.shot("not-delivered")
	if role := b.eval("document.getElementById('delivery').getAttribute('role')"); role != "alert" {
		t.Errorf("what was not delivered has the role %q", role)
	}
	b.do(chromedp.WaitEnabled(chromedp.CSS("#resend")), chromedp.Click(chromedp.CSS("#resend")))
	again := s.provider.Wait(t, 2)
	if again.CodeInText() != text.CodeInText() {
		t.Error("the second text has another code")
	}
	s.reports(t, again.ID, "delivered")
	b.sees("was delivered to")
	b.enters(text.CodeInText())
	b.sees("app /")
	if p := b.complained(); len(p) > 0 {
		t.Errorf("the browser complained: %q", p)
	}
}

// More visitors than texts may be on their way: the page asks them to come back, and then they get their text.
func TestTooManyTexts(t *testing.T) {
	s := setup{global: "max_in_flight 1", directive: "send_wait 100ms"}.start(t)
	s.provider.Misbehave(providers.Slow)
	first, second := s.open(t, "alice"), s.open(t, "bob")
	first.visit("/")
	second.visit("/")
	second.sees("You can ask for one in")
	second.shot("busy")
	first.sees("has accepted the text")
	s.provider.Misbehave(providers.Behave)
	second.sees("Send code") // the page has gone on by itself
	second.do(chromedp.Click(chromedp.CSS("#resend")))
	second.sees("digit code")
	second.enters(s.provider.Wait(t, 2).CodeInText())
	second.sees("app /")
}

// A provider that asks to be left alone for a while is: the button counts down, and then works.
func TestProviderAsksToWait(t *testing.T) {
	s := startSite(t, "")
	s.provider.Misbehave(providers.TooMany)
	b := s.open(t, "alice")
	b.visit("/")
	b.sees("The text was not delivered.")
	b.sees("You can ask for another text in")
	b.shot("asked-to-wait")
	if disabled := b.eval("document.getElementById('resend').disabled"); disabled != "true" {
		t.Error("the button may be pressed too early")
	}
	s.provider.Misbehave(providers.Behave)
	b.do(chromedp.WaitEnabled(chromedp.CSS("#resend")), chromedp.Click(chromedp.CSS("#resend")))
	b.enters(s.provider.Wait(t, 1).CodeInText())
	b.sees("app /")
}

// Where no more texts may be sent, the page says so and keeps the field, where the code of the last one is good.
func TestNoMoreTexts(t *testing.T) {
	s := startSite(t, "sends 1 per 10m\nresend_after 0s")
	b := s.open(t, "alice")
	b.visit("/")
	b.sees("digit code")
	code := s.provider.Wait(t, 1).CodeInText()
	b.eval("document.getElementById('resend').disabled = false")
	b.do(chromedp.Click(chromedp.CSS("#resend")))
	b.sees("No more texts can be sent for now. The code in the last text is still valid.")
	b.sees("You can ask for another text in 10 minutes.")
	b.shot("no-more-texts")
	b.enters(code)
	b.sees("app /")
}

// What is no code is told in words.
func TestNotACode(t *testing.T) {
	s := startSite(t, "")
	b := s.open(t, "alice")
	b.visit("/")
	b.sees("digit code")
	b.types("1234\r")
	b.sees("A code has 6 digits.")
	b.shot("not-a-code")
	b.enters(s.provider.Wait(t, 1).CodeInText())
	b.sees("app /")
}

// A browser that keeps no cookies is told so at once, before a code is typed.
func TestBrowserWithoutCookies(t *testing.T) {
	s := startSite(t, "")
	b := s.open(t, "alice")
	params := emulation.SetDocumentCookieDisabledParams{Disabled: true}
	if _, err := chromedp.Call(b.ctx, emulation.SetDocumentCookieDisabled, params); err != nil {
		t.Fatal(err)
	}
	b.visit("/")
	b.sees("Your browser does not keep cookies of this site")
	b.shot("cookies-blocked")
}
