package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/caddy-sms-2fa/gateway/page"
	"github.com/caddy-sms-2fa/gateway/page/words"
)

// states are what visitors see, by name. How they come there is tested elsewhere; here they are looked at.
func states() map[string]page.View {
	base := page.View{
		Brand: "Acme", Phone: "••••••••06", CodeLength: 6, AttemptsLeft: 2, ExpiresIn: 5 * time.Minute,
		ResendIn: time.Minute, RetryAfter: 15 * time.Minute, HomeURL: "./", CSRF: "x",
		VerifyURL: "?sms_2fa=verify", SendURL: "?sms_2fa=send", LogoutURL: "?sms_2fa=logout", User: "alice",
		LogoutAllURL: "?sms_2fa=logout-everywhere", RestoreURL: "?sms_2fa=restore", Held: "/articles/new",
		VerifiedAt: time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC), Trust: 30 * 24 * time.Hour,
		Contact: &page.Way{URL: "mailto:help@example.com"}, Help: &page.Way{URL: "https://example.com/help"},
	}
	all := make(map[string]page.View)
	add := func(name string, state page.State, change func(*page.View)) {
		v := base
		v.State = state
		if change != nil {
			change(&v)
		}
		all[name] = v
	}
	add("fresh", page.Enter, func(v *page.View) { v.Delivery = page.DeliverySent })
	add("wrong", page.Enter, func(v *page.View) { v.Delivery, v.Problem = page.DeliverySent, page.CodeIncorrect })
	add("expired", page.Start, func(v *page.View) { v.Problem, v.ResendIn = page.CodeExpired, 0 })
	add("blocked", page.Blocked, nil)
	add("disabled", page.Disabled, nil)
	add("limited", page.Limited, nil)
	add("not-delivered", page.Enter, func(v *page.View) { v.Delivery, v.ResendIn = page.DeliveryFailed, 0 })
	add("no-number", page.NoPhone, nil)
	add("store-down", page.Outage, nil)
	add("second-device", page.Enter, func(v *page.View) {
		v.Delivery, v.Problem = page.DeliverySent, page.NoMoreTexts
		v.Others = []page.Number{{Position: 2, Phone: "••••••••07"}}
	})
	add("form-held", page.Enter, func(v *page.View) { v.Delivery, v.Interrupted = page.DeliverySent, page.FormHeld })
	add("form-asked", page.Restore, nil)
	add("sign-out", page.SignOut, nil)
	add("signed-out", page.SignedOut, nil)
	add("account", page.Account, nil)
	return all
}

// Every state in languages of three scripts, one of them from right to left, light and dark, narrow and wide: nothing
// stands out to the side, and the pictures are there to be looked at.
func TestStatesInLanguages(t *testing.T) {
	set, err := words.NewSet(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := page.New(set)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := states()[r.URL.Query().Get("state")]
		v.Language = r.URL.Query().Get("language")
		_ = p.Write(w, http.StatusOK, v)
	}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	s := startSite(t, "")
	b := s.open(t, "alice")
	b.at = &site{Caddy: s.Caddy, host: "localhost:" + port, provider: s.provider}
	for _, language := range []string{"de", "ar", "ja"} {
		for name := range states() {
			b.visit("/?state=" + name + "&language=" + language)
			b.do(chromedp.WaitVisible(chromedp.CSS("h1")))
			for _, scheme := range []string{"light", "dark"} {
				b.colours(scheme)
				for _, width := range []int64{320, 1280} {
					b.do(chromedp.EmulateViewport(width, 900))
					wide := b.eval("document.documentElement.scrollWidth")
					if wide != fmt.Sprint(width) {
						t.Errorf("%s in %s is %s pixels wide in a window of %d", name, language, wide, width)
					}
					b.picture(filepath.Join("artifacts", fmt.Sprintf("state-%s-%s-%s-%d.png", name, language, scheme, width)))
				}
				b.audit(name + " in " + language + ", " + scheme)
			}
			if lang := b.eval("document.documentElement.lang"); lang != language {
				t.Errorf("%s is in %s, want %s", name, lang, language)
			}
		}
	}
	if p := b.complained(); len(p) > 0 {
		t.Errorf("the browser complained: %q", p)
	}
}
