package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Whatever bytes a query holds, the browser sends the form to the address that it shows; the right code ends there.
func TestQueryComesBackByteForByte(t *testing.T) {
	s := startSite(t, "")
	b := s.open(t, "alice")
	var all strings.Builder
	for c := range 256 {
		if printable := c > ' ' && c < 0x7f && c != '#'; printable {
			all.WriteByte(byte(c))
		}
		fmt.Fprintf(&all, "&%%%02x=x", c)
	}
	for _, path := range []string{
		"/?from=12:30", "/w?p=a;b=1&q=%zz", "/w?u=http://x.example/?y", "/w?copy=1&copy;=2&amp=3&lt", "//evil.example/a:b?c",
		"/%2F%5Cevil.example", "/javascript:alert(1)?%", "/w?" + all.String(),
	} {
		b.visit(path)
		b.sees("digit code")
		if off := b.eval(`[...document.forms].map(f => f.action).concat([...document.links].map(a => a.href))
			.filter(u => !u.startsWith(location.origin + location.pathname))`); off != "" {
			t.Errorf("%s: the page leads to %s", path, off)
		}
		before := b.eval("location.href")
		after := b.eval(`document.getElementById("verify").action.replace(/[?&]sms_2fa=verify$/, "")`)
		if after != before {
			t.Errorf("the form at\n%s leads to\n%s", before, after)
		}
	}
	before := b.eval("location.href")
	code := s.provider.Wait(t, 1).CodeInText()
	b.enters(wrong(code))
	b.sees("2 tries left")
	b.enters(code)
	b.sees("app /w?")
	if after := b.eval("location.href"); after != before {
		t.Errorf("the visitor asked for\n%s and is at\n%s", before, after)
	}
	if p := b.complained(); len(p) > 0 {
		t.Errorf("the browser complained: %q", p)
	}
}

// What stands behind "#" is known to the browser alone; it is still there after a wrong code, another text and the
// right code, and a link back takes it along.
func TestFragmentSurvives(t *testing.T) {
	s := startSite(t, "resend_after 0s\nattempts 1\nblock 1s\nsends 100 per 10m")
	b := s.open(t, "alice")
	at := func(when string) {
		t.Helper()
		if got := b.eval("location.pathname + location.search + location.hash"); got != "/app?a=1#/invoices/42" {
			t.Errorf("%s the visitor is at %s", when, got)
		}
	}
	b.visit("/app?a=1#/invoices/42")
	b.sees("digit code")
	s.provider.Wait(t, 1)
	b.do(chromedp.Click(chromedp.CSS("#resend")))
	code := s.provider.Wait(t, 2).CodeInText()
	b.sees("digit code")
	at("after another text")
	b.enters(wrong(code))
	b.sees("too many wrong codes")
	b.do(chromedp.Click(chromedp.CSS(".again a")))
	b.sees("too many wrong codes")
	at("after a block")
	b.do(chromedp.Click(chromedp.CSS(".again a"))) // to where the page stands
	b.triesAgain("digit code")
	b.enters(code)
	b.sees("app /app?a=1")
	at("after the right code")
}

// triesAgain follows the link of a block until the block is over and the page shows a text.
func (b *browser) triesAgain(text string) {
	b.t.Helper()
	for range 20 {
		if strings.Contains(b.eval("document.body?.innerText"), text) {
			return
		}
		b.do(chromedp.Sleep(200e6))
		b.eval(`(document.querySelector(".again a")?.click(), "")`)
	}
	b.sees(text)
}

// A service worker of the app that answers every request by fetch(event.request) keeps nobody from the page.
func TestServiceWorker(t *testing.T) {
	s := setup{directive: "resend_after 0s", site: `handle /sw.js {
		header Content-Type text/javascript
		respond "addEventListener('activate', e => e.waitUntil(clients.claim()));
			addEventListener('fetch', e => e.respondWith(fetch(e.request)))"
	}`}.start(t)
	b := s.open(t, "alice")
	b.visit("/")
	b.sees("digit code")
	b.enters(s.provider.Wait(t, 1).CodeInText())
	b.sees("app /")
	b.eval(`(navigator.serviceWorker.register("/sw.js"), "")`)
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("navigator.serviceWorker.controller !== null")); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Click(chromedp.CSS("button")))
	b.sees("Nobody is signed in")
	b.visit("/page?from=12:30#/deep")
	b.sees("digit code")
	if worker := b.eval("navigator.serviceWorker.controller !== null"); worker != "true" {
		t.Error("the service worker does not see this page")
	}
	b.enters(s.provider.Wait(t, 2).CodeInText())
	b.sees("app /page?from=12:30")
	if hash := b.eval("location.hash"); hash != "#/deep" {
		t.Errorf("the fragment is %q", hash)
	}
}

// Inside another page there is a link that opens the site in the whole window, and no text is sent before.
func TestFrame(t *testing.T) {
	s := startSite(t, "")
	around := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<title>around</title><body style="margin:0"><iframe src="http://%s/app?a=1:2#/deep"
			style="border:0;width:100vw;height:100vh"></iframe>`, s.host)
	}))
	t.Cleanup(around.Close)
	b := s.open(t, "alice")
	b.do(chromedp.Navigate(strings.Replace(around.URL, "127.0.0.1", "localhost", 1)))
	b.do(chromedp.Sleep(500e6))
	b.shot("framed")
	if n := len(s.provider.Texts()); n != 0 {
		t.Errorf("%d texts", n)
	}
	b.do(chromedp.MouseClickXY(640, 460))
	b.sees("digit code")
	if at := b.eval("location.pathname + location.search + location.hash"); at != "/app?a=1:2#/deep" {
		t.Errorf("the link leads to %s", at)
	}
	b.enters(s.provider.Wait(t, 1).CodeInText())
	b.sees("app /app?a=1:2")
}

// Asking to sign out shows a button while somebody is signed in, and says so when nobody is.
func TestAskingToSignOut(t *testing.T) {
	s := startSite(t, "")
	b := s.open(t, "alice")
	b.sees("Nobody is signed in")
	b.visit("/page?a=1")
	b.sees("digit code")
	b.enters(s.provider.Wait(t, 1).CodeInText())
	b.sees("app /page")
	b.visit("/page?a=1&sms_2fa=logout#/deep")
	b.sees("You are signed in")
	b.shot("sign-out")
	b.do(chromedp.Click(chromedp.CSS("#logout button")))
	b.sees("Nobody is signed in")
	if at := b.eval("location.search + location.hash"); at != "?a=1&sms_2fa=logout#/deep" {
		t.Errorf("the button leads to %s", at)
	}
	if p := b.complained(); len(p) > 0 {
		t.Errorf("the browser complained: %q", p)
	}
}

// A page that another site opens by script waits for the button; a link there that a person clicks does not.
func TestAnotherSiteOpensThePage(t *testing.T) {
	s := startSite(t, "")
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/portal" { // as the first factor's portal: it sends the visitor on
			http.Redirect(w, r, "http://"+s.host+"/linked", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<a id=link href="/portal">go</a><script>
			if (location.hash) location = "http://%s/scripted"</script>`, s.host)
	}))
	t.Cleanup(other.Close) // its address is 127.0.0.1, which is another site than localhost
	b := s.open(t, "alice")
	b.do(chromedp.Navigate(other.URL + "/#go"))
	b.sees("Send code")
	b.shot("unasked")
	if n := len(s.provider.Texts()); n != 0 {
		t.Fatalf("%d texts", n)
	}
	b.do(chromedp.Navigate(other.URL + "/"))
	b.do(chromedp.Click(chromedp.CSS("#link")))
	b.sees("digit code")
	b.enters(s.provider.Wait(t, 1).CodeInText())
	b.sees("app /linked")
}
