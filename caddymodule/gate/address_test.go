package gate

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// arriving is a visitor whose request has this first line and this Referer.
func arriving(tb testing.TB, method, uri, referrer string) *visitor {
	tb.Helper()
	u, err := url.ParseRequestURI(uri)
	if err != nil {
		tb.Skip(err) // net/http refuses the request
	}
	r := &http.Request{Method: method, URL: u, Host: "site.example", Header: http.Header{"Referer": {referrer}}}
	return &visitor{Handler: new(Handler), r: r, at: location{url: u, query: readQuery(u.RawQuery)}}
}

// follow resolves a reference as a browser that stands at an address does.
func follow(t *testing.T, from, reference string) string {
	t.Helper()
	base, err := url.Parse(from)
	if err != nil {
		t.Fatal(err)
	}
	to, err := base.Parse(reference)
	if err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// Wherever a page stands for the browser, its form comes back to the same address, and the right code leads there.
func TestReferencesKeepTheAddress(t *testing.T) {
	t.Parallel()
	const site = "https://site.example"
	tests := []struct{ name, browser, arrives string }{
		{"root", "/", "/"},
		{"page", "/deep/page", "/deep/page"},
		{"trailing slash", "/deep/", "/deep/"},
		{"query", "/deep/page?x=1&y=%2F", "/deep/page?x=1&y=%2F"},
		{"colon in the query", "/?from=12:30", "/?from=12:30"},
		{"address in the query", "/w?u=http://x.example/?a=b", "/w?u=http://x.example/?a=b"},
		{"semicolon", "/w?p=a;b=1;", "/w?p=a;b=1;"},
		{"no valid encoding", "/w?q=%zz&r=100%", "/w?q=%zz&r=100%"},
		{"empty pairs", "/w?&&a&", "/w?&&a&"},
		{"colon in the path", "/a:b", "/a:b"},
		{"scheme in the path", "/javascript:alert(1)", "/javascript:alert(1)"},
		{"slashes", "//evil.example/x", "//evil.example/x"},
		{"slashes alone", "///", "///"},
		{"slashes within", "/a//b//", "/a//b//"},
		{"encoded slash", "/a%2Fb", "/a%2Fb"},
		{"encoded slashes", "/%2F%2Fevil.example", "/%2F%2Fevil.example"},
		{"encoded backslash", "/%5Cevil.example", "/%5Cevil.example"},
		{"what browsers do not encode", "/a|b[c]'d^", "/a|b[c]'d^"},
		{"stripped prefix", "/tools/app", "/app"},
		{"stripped prefix, root", "/tools/", "/"},
		{"stripped prefix, root with a query", "/tools?x=1", "/?x=1"},
		{"stripped prefix, root without a slash", "/tools", "/"},
		{"stripped prefix, scheme", "/t:ools", "/"},
		{"stripped prefix, slashes", "/tools//evil.example/x", "//evil.example/x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			page := arriving(t, http.MethodGet, tt.arrives, "")
			if to := follow(t, site+tt.browser, page.link()); to != follow(t, site+tt.browser, "") {
				t.Errorf("a link of the page leads to %s", to)
			}
			path, _, _ := strings.Cut(tt.browser, "?")
			form := follow(t, site+path, page.action("verify"))
			_, query, _ := strings.Cut(form, "?")
			path, _, _ = strings.Cut(tt.arrives, "?")
			post := arriving(t, http.MethodPost, path+"?"+query, site+tt.browser)
			if to := follow(t, form, post.home()); to != follow(t, site+tt.browser, "") {
				t.Errorf("the right code leads to %s", to)
			}
		})
	}
}

// A Referer of another site, or of another address than the root, decides nothing.
func TestRefererDecidesLittle(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, method, uri, referrer, want string }{
		{"none", http.MethodPost, "/?sms_2fa=verify", "", "./"},
		{"of this page", http.MethodPost, "/?sms_2fa=verify", "https://site.example/tools", "./tools"},
		{"of a directory", http.MethodPost, "/?sms_2fa=verify", "https://site.example/tools/", "./"},
		{"of another site", http.MethodPost, "/?sms_2fa=verify", "https://evil.example/tools", "./"},
		{"of a link", http.MethodGet, "/?sms_2fa=verify", "https://site.example/tools", "./"},
		{"at another page", http.MethodPost, "/app?sms_2fa=verify", "https://site.example/tools", "./app"},
		{"unreadable", http.MethodPost, "/?sms_2fa=verify", "https://site.example/%zz", "./"},
		{"with a backslash", http.MethodPost, "/?sms_2fa=verify", `https://site.example/\\evil`, "./%5C%5Cevil"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := arriving(t, tt.method, tt.uri, tt.referrer).home(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// No address leads off the site, and every reference is printable ASCII.
func FuzzReferencesStayOnTheSite(f *testing.F) {
	for _, uri := range []string{
		"/", "//evil.example", "/\\evil.example", "///x", "/%2F/x", "/.//evil.example", "/..//evil.example/", "/a:b",
		"/?//x", "*", "http://evil.example", "http://evil.example/x", "/a/;@evil.example", "/x#y?z#w", "/\xff?\xfe=\x80",
	} {
		f.Add(uri, "")
		f.Add(uri, "https://site.example//evil.example")
	}
	f.Fuzz(func(t *testing.T, uri, referrer string) {
		v := arriving(t, http.MethodPost, uri, referrer)
		base := &url.URL{Scheme: "https", Host: "site.example", Path: v.at.url.Path, RawPath: v.at.url.RawPath}
		for _, reference := range []string{v.home(), v.link(), v.action("verify")} {
			if reference != "" && reference[0] != '?' && !strings.HasPrefix(reference, "./") {
				t.Errorf("reference %q", reference)
			}
			if strings.ContainsFunc(reference, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
				t.Errorf("reference %q is not printable ASCII", reference)
			}
			path, _, _ := strings.Cut(reference, "?")
			if strings.Contains(path[min(2, len(path)):], "/") || strings.Contains(path, `\`) {
				t.Errorf("reference %q leaves its directory", reference)
			}
			to, err := base.Parse(reference)
			if err != nil {
				continue // a browser reads more than net/url does
			}
			if to.Host != base.Host || to.Scheme != base.Scheme || to.User != nil || to.Fragment != "" {
				t.Errorf("%q leads to %s", reference, to)
			}
		}
	})
}

// Every byte that net/http lets through comes back: as it was, or percent-encoded where HTML and HTTP cannot hold it.
func TestEveryByteOfAQuery(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		query := "a=" + string([]byte{byte(c)}) + "=b"
		u := &url.URL{Path: "/", RawQuery: query}
		r := &http.Request{Header: http.Header{}}
		v := &visitor{Handler: new(Handler), r: r, at: location{url: u, query: readQuery(query)}}
		want := "a=" + string([]byte{byte(c)}) + "=b"
		if c <= ' ' || c >= 0x7f || c == '#' {
			want = "a=" + url.PathEscape(string([]byte{byte(c)})) + "=b"
		}
		if got := v.action("verify"); got != "?"+want+"&sms_2fa=verify" {
			t.Errorf("byte %#x: action %q", c, got)
		}
		if got := v.home(); got != "?"+want {
			t.Errorf("byte %#x: home %q", c, got)
		}
	}
}
