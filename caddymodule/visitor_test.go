package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// swordfish is the bcrypt hash, at the lowest cost, of everybody's password.
const swordfish = "$2a$04$hBDq16wgLlJFa2NVcizK6.TtKlTsz4z2XAYZzOK0RQ4p3p2Cj3bl6"

// site is a Caddy that guards a demo app, and the provider that its texts go to.
type site struct {
	*testenv.Caddy
	URL      string
	provider *providers.Dexatel
}

// setup says what a test's Caddyfile has beyond the usual.
type setup struct {
	senders   string // in the place of the usual sender
	sender    string // in the usual sender
	global    string // in the global option sms_2fa
	directive string // in the directive sms_2fa
	site      string // in the site, before the app
	listen    string // address; default a free port on plain HTTP
	provider  *providers.Dexatel
	env       []string // beside that of the test
}

// startSite starts a site.
func startSite(t *testing.T, s setup) *site {
	t.Helper()
	if s.provider == nil {
		s.provider = providers.StartDexatel(t)
	}
	if s.listen == "" {
		s.listen = "http://" + strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "localhost", 1)
	}
	return &site{Caddy: testenv.StartCaddy(t, s.caddyfile(), s.env...), URL: s.listen, provider: s.provider}
}

// appSays is what the app behind the gate answers: what it sees of the request.
const appSays = "app {http.request.orig_uri} user={http.sms_2fa.user} method={http.sms_2fa.method} " +
	"at={http.sms_2fa.verified_at} cookies=[{http.request.header.Cookie}]"

func (s setup) caddyfile() string {
	return fmt.Sprintf(`{
	admin {ADMIN}
	metrics
	debug
	grace_period 2s
	skip_install_trust
	auto_https disable_redirects
	sms_2fa {
		%[1]s
		directory inline {
			alice +15005550006
			bob +15005550009
			carol +15005550010
		}
		%[2]s
	}
}
%[3]s {
	bind 127.0.0.1
	basic_auth bcrypt {
		alice %[4]s
		Alice %[4]s
		bob %[4]s
		carol %[4]s
		nobody %[4]s
	}
	%[5]s
	sms_2fa {
		brand Acme
		%[6]s
	}
	respond "%[7]s"
}
`, s.route(), s.global, s.listen, swordfish, s.site, s.directive, appSays)
}

// route is the senders.
func (s setup) route() string {
	if s.senders != "" {
		return s.senders
	}
	if !strings.Contains(s.sender, "timeout") {
		s.sender += "\ntimeout 2s"
	}
	return fmt.Sprintf("sender dexatel {\napi_key %s\nfrom Acme\nbase_url %s\n%s\n}",
		s.provider.Key, s.provider.URL, s.sender)
}

// visitor is a browser with a password.
type visitor struct {
	t    *testing.T
	site *site
	base string
	user string
	http *http.Client
}

func (s *site) visitor(t *testing.T, user string) *visitor {
	return visitorAt(t, s, s.URL, user)
}

func visitorAt(t *testing.T, s *site, base, user string) *visitor {
	jar, _ := cookiejar.New(nil)
	return &visitor{t: t, site: s, base: base, user: user, http: &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		Transport:     s.Transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is an answer.
type page struct {
	status int
	header http.Header
	body   string
}

func (p page) problem() string {
	var body struct{ Type string }
	_ = json.Unmarshal([]byte(p.body), &body)
	return strings.TrimPrefix(body.Type, "urn:sms-2fa:")
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]*)"`)

var verifyForm = regexp.MustCompile(`action="([^"]*)" id="verify"`)

func (p page) csrf() string {
	if m := csrfField.FindStringSubmatch(p.body); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

func (p page) isApp() bool { return p.status == http.StatusOK && strings.HasPrefix(p.body, "app ") }

// do sends a request with the visitor's password.
func (v *visitor) do(method, path string, header http.Header, body string) page {
	v.t.Helper()
	p, err := v.try(method, path, header, body)
	if err != nil {
		v.t.Fatal(err)
	}
	return p
}

func (v *visitor) try(method, path string, header http.Header, body string) (page, error) {
	r, err := http.NewRequest(method, v.base+path, strings.NewReader(body))
	if err != nil {
		return page{}, err
	}
	for k, values := range header {
		r.Header[k] = values
	}
	if v.user != "" {
		r.SetBasicAuth(v.user, "swordfish")
	}
	res, err := v.http.Do(r)
	if err != nil {
		return page{}, err
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	return page{status: res.StatusCode, header: res.Header, body: string(content)}, err
}

// The headers of a browser that shows a page, and of one that sends a form.
func asPage() http.Header {
	return http.Header{
		"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {"none"},
		"Accept": {"text/html"},
	}
}

func asForm() http.Header {
	h := asPage()
	h.Set("Sec-Fetch-Site", "same-origin")
	h.Set("Content-Type", "application/x-www-form-urlencoded")
	return h
}

func asJSON() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// open navigates, also where the gate looks whether the browser keeps cookies.
func (v *visitor) open(path string) page {
	v.t.Helper()
	p := v.do(http.MethodGet, path, asPage(), "")
	if !strings.Contains(p.header.Get("Location"), "sms_2fa=cookie") {
		return p
	}
	if p = v.do(http.MethodGet, withParameter(path, "cookie"), asPage(), ""); p.status == http.StatusSeeOther {
		p = v.do(http.MethodGet, path, asPage(), "")
	}
	return p
}

// withParameter is a path with our query parameter.
func withParameter(path, value string) string {
	if strings.Contains(path, "?") {
		return path + "&sms_2fa=" + value
	}
	return path + "?sms_2fa=" + value
}

// submit types a code into the page and sends it to where the page says.
func (v *visitor) submit(p page, path, code string) page {
	v.t.Helper()
	form := url.Values{"csrf": {p.csrf()}, "code": {code}}
	action := withParameter(path, "verify")
	if m := verifyForm.FindStringSubmatch(p.body); m != nil {
		action = strings.SplitN(path, "?", 2)[0] + html.UnescapeString(m[1])
	}
	return v.do(http.MethodPost, action, asForm(), form.Encode())
}

// resend presses the button.
func (v *visitor) resend(p page, path string) page {
	v.t.Helper()
	return v.do(http.MethodPost, withParameter(path, "send"), asForm(), url.Values{"csrf": {p.csrf()}}.Encode())
}

// login goes all the way.
func (v *visitor) login(path string) {
	v.t.Helper()
	n := len(v.site.provider.Texts())
	p := v.open(path)
	text := v.site.provider.Wait(v.t, n+1)
	if p = v.submit(p, path, text.CodeInText()); p.status != http.StatusSeeOther {
		v.t.Fatalf("right code: status %d, body %.300s", p.status, p.body)
	}
	if p = v.open(path); !p.isApp() {
		v.t.Fatalf("after the right code: status %d, body %.300s", p.status, p.body)
	}
}

// cookie is the value of a cookie of the visitor's jar.
func (v *visitor) cookie(name string) string {
	u, _ := url.Parse(v.base)
	for _, c := range v.http.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (v *visitor) setCookie(name, value string) {
	u, _ := url.Parse(v.base)
	v.http.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: u.Scheme == "https"}})
}

func wrong(code string) string {
	last := (code[len(code)-1]-'0'+1)%10 + '0'
	return code[:len(code)-1] + string(last)
}

// field is a member of a JSON object, as text.
func field(body, name string) string {
	var members map[string]any
	if json.Unmarshal([]byte(body), &members) != nil || members[name] == nil {
		return ""
	}
	return fmt.Sprint(members[name])
}
