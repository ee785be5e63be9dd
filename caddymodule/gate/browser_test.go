package gate

import (
	"crypto/tls"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// browser is a browser of somebody who has passed the first factor.
type browser struct {
	world *world
	person
	jar map[string]kept
	// before and after are cookies of another site, with names of ours, as they stand in a request.
	before, after []string
}

// kept is a cookie in a browser.
type kept struct {
	value   string
	expires time.Time
}

// answer is what a browser gets.
type answer struct {
	status  int
	to      string // the action of ours that a redirect leads to
	app     bool   // the app was reached
	cookies []*http.Cookie
	body    string
}

func newBrowser(w *world, p person) *browser {
	return &browser{world: w, person: p, jar: make(map[string]kept)}
}

var csrfOfPage = regexp.MustCompile(`name="csrf" value="([^"]*)"`)

func (a answer) csrf() string {
	if m := csrfOfPage.FindStringSubmatch(a.body); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

// sets reports whether an answer sets a cookie that stays.
func (a answer) sets(name string) bool {
	return slices.ContainsFunc(a.cookies, func(c *http.Cookie) bool { return c.Name == name && c.MaxAge > 0 })
}

// open navigates.
func (b *browser) open(g *gateway) answer { return b.take(b.get(g)) }

// get navigates, also through redirects, and keeps nothing of the answer.
func (b *browser) get(g *gateway) answer {
	tab := *b
	tab.jar = maps.Clone(b.jar)
	a := tab.take(tab.send(g, http.MethodGet, "", nil))
	for redirects := 0; a.status == http.StatusSeeOther && redirects < 5; redirects++ {
		earlier := a.cookies
		a = tab.take(tab.send(g, http.MethodGet, a.to, nil))
		a.cookies = append(earlier, a.cookies...)
	}
	return a
}

// post sends a form of the page.
func (b *browser) post(g *gateway, action string, form url.Values) answer {
	return b.take(b.send(g, http.MethodPost, action, form))
}

// send sends a request and keeps nothing of the answer.
func (b *browser) send(g *gateway, method, action string, form url.Values) answer {
	target := "https://app.example.com/page"
	if action != "" {
		target += "?sms_2fa=" + action
	}
	raw := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	raw.TLS = &tls.ConnectionState{HandshakeComplete: true}
	for name, value := range map[string]string{
		"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin",
		"Accept": "text/html", "Cookie": b.cookies(),
	} {
		raw.Header.Set(name, value)
	}
	if method == http.MethodPost {
		raw.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	repl, w, reached := caddy.NewReplacer(), httptest.NewRecorder(), false
	r := caddyhttp.PrepareRequest(raw, repl, nil, nil)
	repl.Set("http.auth.user.id", b.name)
	repl.Set("http.auth.user.phone", b.phone)
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		reached = true
		w.WriteHeader(http.StatusOK)
		return nil
	})
	if err := g.gate.ServeHTTP(w, r, next); err != nil {
		b.world.t.Fatal(err)
	}
	_, to, _ := strings.Cut(w.Header().Get("Location"), "sms_2fa=")
	return answer{status: w.Code, to: to, app: reached, cookies: w.Result().Cookies(), body: w.Body.String()}
}

// cookies is the header of a request: the browser's own, and those of another site around them.
func (b *browser) cookies() string {
	var own []string
	for _, name := range slices.Sorted(maps.Keys(b.jar)) {
		if value := b.cookie(name); value != "" {
			own = append(own, name+"="+value)
		}
	}
	return strings.Join(slices.Concat(b.before, own, b.after), "; ")
}

// take keeps the cookies of an answer.
func (b *browser) take(a answer) answer {
	for _, c := range a.cookies {
		delete(b.jar, c.Name)
		if c.MaxAge > 0 {
			b.jar[c.Name] = kept{c.Value, b.world.time.now().Add(time.Duration(c.MaxAge) * time.Second)}
		}
	}
	return a
}

// cookie is the value of a cookie of the browser's own, "" without one.
func (b *browser) cookie(name string) string {
	if c := b.jar[name]; b.world.time.now().Before(c.expires) {
		return c.value
	}
	return ""
}
