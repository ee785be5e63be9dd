package directory_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/directory"
)

// What servers answer, and what it means. Only status 404 and null are "no number".
func TestHTTPAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   directory.Numbers
		class  directory.Class
	}{
		{"text", 200, `{"c": {"phone": " +15005550006 "}}`, directory.Numbers{"+15005550006"}, ""},
		{"list", 200, `{"c": {"phone": ["+1", "+2", null, ""]}}`, directory.Numbers{"+1", "+2"}, ""},
		{"digits", 200, `{"c": {"phone": 15005550006}}`, directory.Numbers{"15005550006"}, ""},
		{"null", 200, `{"c": {"phone": null}}`, nil, ""},
		{"empty", 200, `{"c": {"phone": ""}}`, nil, ""},
		{"missing", 200, `{"c": {"name": "alice"}}`, nil, ""},
		{"null before", 200, `{"c": null}`, nil, ""},
		{"all null", 200, `null`, nil, ""},
		{"not found", 404, `<html>`, nil, ""},
		{"found and more", 200, `{"c": {"phone": "+1"}} trailing`, directory.Numbers{"+1"}, ""},
		{"another shape", 200, `{"error": "locked"}`, nil, directory.Unreadable},
		{"a text before", 200, `{"c": "x"}`, nil, directory.Unreadable},
		{"an object", 200, `{"c": {"phone": {"n": 1}}}`, nil, directory.Unreadable},
		{"true", 200, `{"c": {"phone": true}}`, nil, directory.Unreadable},
		{"list of lists", 200, `{"c": {"phone": [["+1"]]}}`, nil, directory.Unreadable},
		{"a login page", 200, `<html>sign in</html>`, nil, directory.Unreadable},
		{"nothing", 200, ``, nil, directory.Unreadable},
		{"no content", 204, ``, nil, directory.Unreadable},
		{"too long", 200, `{"c": {"phone": "+1", "x": "` + strings.Repeat("x", 70000) + `"}}`, nil, directory.Unreadable},
		{"not allowed", 401, ``, nil, directory.Refused},
		{"forbidden", 403, ``, nil, directory.Refused},
		{"gone", 410, ``, nil, directory.Config},
		{"bad request", 400, ``, nil, directory.Config},
		{"limited", 429, ``, nil, directory.Down},
		{"broken", 500, `{"c": {"phone": "+1"}}`, nil, directory.Down},
		{"unavailable", 503, ``, nil, directory.Down},
		{"timeout", 504, ``, nil, directory.Slow},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			}))
			t.Cleanup(server.Close)
			d := openHTTP(t, directory.HTTPOptions{URL: server.URL + "/{user}", Phone: "/c/phone"})
			numbers, err := ask(t, d, "alice", 10*time.Second)
			class := directory.Class("")
			if err != nil {
				class = directory.ClassOf(err)
			}
			if !slices.Equal(numbers, c.want) || class != c.class {
				t.Errorf("%q, %v of class %q", numbers, err, class)
			}
		})
	}
}

func openHTTP(t *testing.T, o directory.HTTPOptions) *directory.HTTP {
	t.Helper()
	d, err := directory.NewHTTP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// A name is escaped for the query also where the question mark stands in a placeholder.
func TestQueryInAPlaceholder(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); len(q) == 1 && q.Get("login") == "x&login=alice&admin=1+1" {
			_, _ = fmt.Fprint(w, `{"phone": "+15005550009"}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"phone": "+15005550006"}`)
	}))
	t.Cleanup(server.Close)
	d, err := directory.NewHTTP(directory.HTTPOptions{
		URL:     "{env.HR_URL}{user}",
		Resolve: func(string) (string, error) { return server.URL + "/search?login=", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	numbers, err := d.Lookup(t.Context(), directory.Person{Name: "x&login=alice&admin=1+1"})
	if err != nil || !slices.Equal(numbers, directory.Numbers{"+15005550009"}) {
		t.Errorf("%q, %v", numbers, err)
	}
}

func TestJSONPointer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `[{"a/b": {"m~n": {"": "+1"}}}]`)
	}))
	t.Cleanup(server.Close)
	d := openHTTP(t, directory.HTTPOptions{URL: server.URL + "/{user}", Phone: "/0/a~1b/m~0n/"})
	if n, err := ask(t, d, "alice", 10*time.Second); err != nil || !slices.Equal(n, directory.Numbers{"+1"}) {
		t.Errorf("%q, %v", n, err)
	}
}

// Credentials reach the server that is configured, and no other.
func TestHTTPCredentials(t *testing.T) {
	t.Parallel()
	var elsewhere []*http.Request
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r)
		_, _ = fmt.Fprint(w, `{"phone": "+1666"}`)
	}))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away/alice":
			http.Redirect(w, r, other.URL+"/x", http.StatusFound)
		case "/here/alice":
			http.Redirect(w, r, "/people/alice", http.StatusFound)
		case "/round/alice":
			http.Redirect(w, r, "/round/alice", http.StatusFound)
		default:
			_, _ = fmt.Fprintf(w, `{"phone": %q}`, r.Header.Get("Authorization")+r.Header.Get("X-Key")+r.Method)
		}
	}))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		path string
		o    directory.HTTPOptions
		want string // "" for a fault
	}{
		{"/people/", directory.HTTPOptions{}, "GET"},
		{"/people/", directory.HTTPOptions{Bearer: "token"}, "Bearer tokenGET"},
		{"/people/", directory.HTTPOptions{BasicUser: "u", BasicPassword: "p", Method: "POST"}, "Basic dTpwPOST"},
		{"/people/", directory.HTTPOptions{Headers: []directory.HTTPHeader{{Name: "X-Key", Value: "k"}}}, "kGET"},
		{"/here/", directory.HTTPOptions{Bearer: "token"}, "Bearer tokenGET"},
		{"/away/", directory.HTTPOptions{Bearer: "token"}, ""},
		{"/round/", directory.HTTPOptions{Bearer: "token"}, ""},
	} {
		c.o.URL = server.URL + c.path + "{user}"
		n, err := ask(t, openHTTP(t, c.o), "alice", 10*time.Second)
		if c.want != "" && (err != nil || !slices.Equal(n, directory.Numbers{c.want})) ||
			c.want == "" && (err == nil || directory.ClassOf(err) != directory.Config) {
			t.Errorf("%s: %q, %v", c.path, n, err)
		}
	}
	if len(elsewhere) > 0 {
		t.Errorf("another host was asked: %v", elsewhere[0].Header)
	}
}

func TestHTTPCertificates(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"phone": "+%d"}`, len(r.TLS.PeerCertificates))
	}))
	server.Config.ErrorLog = nil
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	mine := server.TLS.Certificates
	for name, c := range map[string]struct {
		config *tls.Config
		good   bool
	}{
		"known authority, own certificate": {&tls.Config{RootCAs: pool, Certificates: mine}, true},
		"no own certificate":               {&tls.Config{RootCAs: pool}, false},
		"unknown authority":                {&tls.Config{Certificates: mine}, false},
		"another name":                     {&tls.Config{RootCAs: pool, Certificates: mine, ServerName: "hr.test"}, false},
	} {
		d := openHTTP(t, directory.HTTPOptions{URL: server.URL + "/{user}", TLS: c.config})
		n, err := ask(t, d, "alice", 10*time.Second)
		if c.good != (err == nil && len(n) == 1 && n[0] == "+1") || !c.good && directory.ClassOf(err) != directory.Down {
			t.Errorf("%s: %q, %v", name, n, err)
		}
	}
}
