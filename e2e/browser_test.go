// Package e2e drives a real browser against a real Caddy.
package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// swordfish is the bcrypt hash of everybody's password.
const swordfish = "$2a$04$4Vjqx4z1XqC3Mk8K.hY4wuhflKsoJzS9qyxTgd25mHoKppEwarPqy"

// site is a guarded demo app on loopback.
type site struct {
	*testenv.Caddy
	host     string
	provider *providers.Dexatel
}

func startSite(t *testing.T, directive string) *site {
	t.Helper()
	return setup{directive: directive}.start(t)
}

// setup says what a site has beyond the usual.
type setup struct {
	sender, global, directive string
	site                      string // before the app
	reports                   bool   // the provider reports what becomes of texts
}

// reportSecret is what the provider signs reports with, and reportsAt where it sends them.
const (
	reportSecret = "a-secret-for-reports"
	reportsAt    = "/sms/reports"
)

// logoutForm is the app's button to sign out.
const logoutForm = "<form method=post action='?sms_2fa=logout'><button>out</button></form>"

func (with setup) start(t *testing.T) *site {
	t.Helper()
	reports := ""
	if with.reports {
		with.sender += "\nreport_secret " + reportSecret
		reports = "sms_2fa_reports " + reportsAt + " dexatel"
	}
	s := &site{
		host:     strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "localhost", 1),
		provider: providers.StartDexatel(t),
	}
	s.Caddy = testenv.StartCaddy(t, fmt.Sprintf(`{
	admin {ADMIN}
	sms_2fa {
		sender dexatel {
			api_key %s
			from Acme
			base_url %s
			%[7]s
		}
		%[6]s
	}
}
http://%[3]s {
	bind 127.0.0.1
	%[8]s
	basic_auth bcrypt {
		alice %[4]s
		bob %[4]s
		carol %[4]s
		nobody %[4]s
	}
	sms_2fa {
		brand Acme
		directory inline {
			alice +15005550006
			bob +15005550009
		}
		%[5]s
	}
	header Content-Type text/html
	%[10]s
	respond "<h1 id=app>app {http.request.orig_uri}</h1>%[9]s"
}
`, s.provider.Key, s.provider.URL, s.host, swordfish, with.directive, with.global, with.sender, reports,
		logoutForm, with.site))
	return s
}

// reports tells the site what became of a text, as the provider does.
func (s *site) reports(t *testing.T, id, status string) {
	t.Helper()
	r := s.provider.DeliveryEvent(reportSecret, id, status, time.Now())
	q, err := http.NewRequest(r.Method, "http://"+s.host+reportsAt, r.Body)
	if err != nil {
		t.Fatal(err)
	}
	q.Header = r.Header
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("report: status %d", res.StatusCode)
	}
}

// browser is one tab of a browser with a profile of its own.
type browser struct {
	t   *testing.T
	ctx context.Context
	at  *site

	scriptless bool // pages run no JavaScript

	mu       sync.Mutex
	problems []string // what the browser complained of, such as violations of the content security policy
}

// chromium is the browser's binary; tests fail without one.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("chromium is missing, install it")
	return ""
}

// open starts a browser that has signed in with the password and has not yet asked for anything.
func (s *site) open(t *testing.T, user string) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() { cancel(); cancelAlloc() })
	b := &browser{t: t, ctx: ctx, at: s}
	b.do(chromedp.EmulateViewport(1280, 800))
	b.listen()
	b.do(chromedp.Navigate("http://" + user + ":swordfish@" + s.host + "/?sms_2fa=logout"))
	return b
}

// listen collects what the browser's log says of security.
func (b *browser) listen() {
	events := chromedp.Events(b.ctx, log.EntryAdded)
	go func() {
		for ev, err := range events {
			if err != nil {
				return
			}
			if ev.Entry.Source == log.EntrySourceSecurity || ev.Entry.Source == log.EntrySourceJavascript {
				b.mu.Lock()
				b.problems = append(b.problems, ev.Entry.Text)
				b.mu.Unlock()
			}
		}
	}()
}

func (b *browser) complained() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.problems
}

// do runs steps, each of which must be done in time.
func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx := b.ctx
	if chromedp.FromContext(ctx).Target != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) visit(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate("http://" + b.at.host + path))
}

// eval reads a text from the page by JavaScript.
func (b *browser) eval(expression string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// sees waits until the page shows a text.
func (b *browser) sees(text string) {
	b.t.Helper()
	var last string
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
		got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''"))
		if last = got; err == nil && strings.Contains(got, text) {
			return
		}
	}
	b.t.Fatalf("the page does not show %q but\n%s", text, last)
}

// types types into the code field as fingers do.
func (b *browser) types(code string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS("#code"), code))
}

// enters types a code and presses the button by the keyboard.
func (b *browser) enters(code string) {
	b.t.Helper()
	b.types(code + kb.Enter)
}

// shot takes a picture in all widths and colours.
func (b *browser) shot(name string) {
	b.t.Helper()
	dir := "artifacts"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{360, 1280} {
			b.colours(scheme)
			b.do(chromedp.EmulateViewport(width, 760))
			b.picture(filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", name, scheme, width)))
		}
	}
	b.colours("light")
	b.audit(name)
}

func (b *browser) colours(scheme string) {
	b.t.Helper()
	feature := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	params := emulation.SetEmulatedMediaParams{Features: feature}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, params); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) picture(file string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func wrong(code string) string {
	last := (code[len(code)-1]-'0'+1)%10 + '0'
	return code[:len(code)-1] + string(last)
}

// scripts allows or forbids JavaScript on the pages to come.
func (b *browser) scripts(allowed bool) {
	b.t.Helper()
	b.scriptless = !allowed
	params := emulation.SetScriptExecutionDisabledParams{Value: !allowed}
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, params); err != nil {
		b.t.Fatal(err)
	}
}
