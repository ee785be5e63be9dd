package e2e

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// enrolling is a site on which carol and nobody have no number, and may give one.
func enrolling(t *testing.T) *site {
	t.Helper()
	return startSite(t, "languages en\ndirectory enroll {\ncountries AM DE US\n}")
}

// prefers sets the languages of the browser.
func (b *browser) prefers(languages string) {
	b.t.Helper()
	agent := b.eval("navigator.userAgent")
	params := emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: languages}
	if _, err := chromedp.Call(b.ctx, emulation.SetUserAgentOverride, params); err != nil {
		b.t.Fatal(err)
	}
}

// gives writes a number into the page in the place of what stands there, and sends it.
func (b *browser) gives(country, number string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS("#number")))
	if country != "" {
		b.eval(`(() => { const c = document.getElementById("country"); c.value = ` + strconv.Quote(country) + `;
			c.dispatchEvent(new Event("change")); document.getElementById("number").value = ""; })()`)
	}
	b.eval(`document.body.dataset.left = ""`)
	b.do(chromedp.SendKeys(chromedp.CSS("#number"), number+kb.Enter),
		chromedp.WaitNotPresent(chromedp.CSS("[data-left]")))
}

// The mistakes that people make with a number, and none of them costs a text.
func TestNumberWithMistakes(t *testing.T) {
	s := enrolling(t)
	bob := s.open(t, "bob") // has a number, and enters it in the register with his code
	bob.visit("/")
	bob.sees("digit code")
	bob.enters(s.provider.Wait(t, 1).CodeInText())
	bob.sees("app /")

	b := s.open(t, "carol")
	b.prefers("hy-AM,hy,en")
	b.visit("/deep?x=1#part")
	b.sees("Your phone number")
	if chosen := b.eval(`document.getElementById("country").value`); chosen != "AM" {
		t.Errorf("the country is %q", chosen)
	}
	b.sees("077 123456 or +374 77 123456")
	b.shot("enroll")
	for _, tt := range []struct{ name, country, number string }{
		{"landline", "DE", "030 901820"},
		{"wrong country", "US", "077 123456"},
		{"too short", "AM", "077 1234"},
		{"somebody else's number", "US", "+1 500 555 0009"},
		{"a country that is not allowed", "", "+44 7400 123456"},
	} {
		b.gives(tt.country, tt.number)
		b.sees("This number cannot be used")
		if kept := b.eval(`document.getElementById("number").value`); !strings.HasSuffix(kept, tt.number) {
			t.Errorf("%s: the page keeps %q", tt.name, kept)
		}
		if focused := b.eval("document.activeElement.id"); focused != "number" {
			t.Errorf("%s: the focus is on %q", tt.name, focused)
		}
		b.eval(`document.getElementById("number").value = ""`)
	}
	b.shot("number-refused")
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want bob's alone", n)
	}
	b.gives("DE", "  151 / 23456789 ") // without its zero, and with spaces
	b.sees("••••••••89")
	b.shot("unproven")
	text := s.provider.Wait(t, 2)
	if text.To != "4915123456789" {
		t.Errorf("the text went to %s", text.To)
	}
	b.enters(text.CodeInText())
	b.sees("app /deep?x=1")
	if hash := b.eval("location.hash"); hash != "#part" {
		t.Errorf("what stands behind # is %q", hash)
	}
	if p := b.complained(); len(p) > 0 {
		t.Errorf("the browser complained: %q", p)
	}
}

// No text comes: the visitor notices a typo, goes back and forth, and corrects the number.
func TestNumberWithATypo(t *testing.T) {
	s := enrolling(t)
	b := s.open(t, "carol")
	b.visit("/")
	b.gives("AM", "077 123465")
	b.sees("••••••••65")
	s.provider.Wait(t, 1)
	b.do(chromedp.Click(chromedp.CSS("#change a")))
	b.sees("Your phone number")
	if kept := b.eval(`document.getElementById("number").value`); kept != "+374 77 123465" {
		t.Errorf("the page keeps %q", kept)
	}
	b.do(chromedp.NavigateBack())
	b.sees("••••••••65")
	b.do(chromedp.NavigateForward())
	b.sees("Your phone number")
	b.gives("AM", "077 123456")
	b.sees("••••••••56")
	code := s.provider.Wait(t, 2).CodeInText()
	b.enters(code)
	b.sees("app /")
	b.do(chromedp.NavigateBack())
	b.sees("app /")
}

// Half way, on one device; then on another one, where the number has to be given again; and both at once.
func TestNumberOnTwoDevices(t *testing.T) {
	s := enrolling(t)
	laptop, tablet := s.open(t, "carol"), s.open(t, "carol")
	laptop.visit("/")
	laptop.gives("AM", "077 123456")
	laptop.sees("••••••••56")
	tablet.visit("/")
	tablet.sees("Your phone number")
	tablet.gives("AM", "+374 77 12 34 56")
	tablet.sees("••••••••56")
	tablet.enters(s.provider.Wait(t, 1).CodeInText())
	tablet.sees("app /")
	laptop.do(chromedp.Reload())
	laptop.sees("••••••••56") // the number is carol's now
	if gone := laptop.eval(`document.getElementById("change") === null`); gone != "true" {
		t.Error("the laptop offers to change a number that was proved")
	}
	laptop.enters(s.provider.Wait(t, 2).CodeInText())
	laptop.sees("app /")
}

func TestNumberWithoutJavaScript(t *testing.T) {
	s := enrolling(t)
	b := s.open(t, "carol")
	b.scripts(false)
	b.visit("/quiet?q=1")
	b.do(chromedp.WaitVisible(chromedp.CSS("#country")), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("A"),
		chromedp.SendKeys(chromedp.CSS("#number"), "030 901820"+kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("#problem")),
		chromedp.WaitVisible(chromedp.CSS("#number")))
	b.shot("enroll-no-script")
	empty := kb.End + strings.Repeat(kb.Backspace, len("030 901820"))
	b.do(chromedp.SendKeys(chromedp.CSS("#number"), empty+"077 123456"+kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("#code")))
	b.types(s.provider.Wait(t, 1).CodeInText() + kb.Enter)
	b.do(chromedp.WaitVisible(chromedp.CSS("#app")))
	b.scripts(true)
	b.sees("app /quiet?q=1")
}

// The order in which a screen reader and the keyboard meet the page, the names of its fields, and the narrowest
// window.
func TestNumberPageForEverybody(t *testing.T) {
	s := enrolling(t)
	b := s.open(t, "nobody")
	b.prefers("de-DE")
	b.visit("/")
	b.sees("Your phone number")
	b.do(chromedp.EmulateViewport(320, 480))
	wider := "document.documentElement.scrollWidth > document.documentElement.clientWidth"
	if b.eval(wider) != "false" {
		t.Error("the page is wider than 320 pixels")
	}
	b.picture("artifacts/enroll-320.png")
	if order := b.eval(`[...document.querySelectorAll("h1, main p, label, select, #number, button")]
		.map(e => e.id || e.htmlFor || e.localName).filter(n => n !== "p").join(" ")`); order !=
		"h1 country country number number example button" {
		t.Errorf("the order is %s", order)
	}
	for _, want := range []string{"country", "number", "Send code"} {
		b.do(chromedp.KeyEvent(kb.Tab))
		if focused := b.eval("document.activeElement.id || document.activeElement.textContent"); focused != want {
			t.Errorf("the focus is on %q, want %q", focused, want)
		}
	}
	for attribute, want := range map[string]string{
		"autocomplete": "tel", "inputmode": "tel", "type": "tel", "aria-describedby": "example",
	} {
		if got := b.eval(`document.getElementById("number").getAttribute("` + attribute + `")`); got != want {
			t.Errorf("%s is %q, want %q", attribute, got, want)
		}
	}
	if small := b.eval(`[...document.querySelectorAll("select, input:not([type=hidden]), button")]
		.filter(e => e.getBoundingClientRect().height < 44).map(e => e.id).join()`); small != "" {
		t.Errorf("too small to be hit: %s", small)
	}
	b.gives("DE", "030")
	b.sees("cannot be used")
	described := b.eval(`document.getElementById("number").getAttribute("aria-describedby")`)
	if described != "example problem" {
		t.Errorf("the field is described by %q", described)
	}
	if b.eval(wider) != "false" {
		t.Error("with an alert, the page is wider than 320 pixels")
	}
}

// A visitor changes the number: from the page of the account, with a code on the new number.
func TestNumberIsChanged(t *testing.T) {
	s := enrolling(t)
	b := s.open(t, "carol")
	b.visit("/deep?x=1")
	b.gives("AM", "077 123456")
	b.sees("••••••••56")
	b.enters(s.provider.Wait(t, 1).CodeInText())
	b.sees("app /deep?x=1")
	b.visit("/deep?x=1&sms_2fa=account")
	b.sees("Change the number")
	b.shot("account-change")
	b.do(chromedp.Click(chromedp.CSS("#change a")))
	b.sees("Your codes go to ••••••••56")
	b.shot("change")
	b.gives("AM", "077 654321")
	b.sees("••••••••21")
	b.eval("window.dispatchEvent(new Event('focus'))") // a page that is looked at again stays where it is
	b.enters(s.provider.Wait(t, 2).CodeInText())
	b.sees("••••••••21")
	b.sees("Sign out everywhere")
	if notice := s.provider.Wait(t, 3); notice.To != "37477123456" {
		t.Errorf("the notice went to %s", notice.To)
	}
	b.visit("/deep?x=1")
	b.sees("app /deep?x=1")
	if p := b.complained(); len(p) > 0 {
		t.Errorf("the browser complained: %q", p)
	}
}
