package caddymodule_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// action is where a form of the page is sent, as a browser reads it.
func (p page) action(t *testing.T, id string) string {
	t.Helper()
	for z := html.NewTokenizer(strings.NewReader(p.body)); z.Next() != html.ErrorToken; {
		attributes := make(map[string]string)
		for token := z.Token(); len(token.Attr) > 0; token.Attr = token.Attr[1:] {
			attributes[token.Attr[0].Key] = token.Attr[0].Val
		}
		if attributes["id"] == id {
			return attributes["action"]
		}
	}
	t.Fatalf("the page has no form %s:\n%s", id, p.body)
	return ""
}

// leadsTo is the address that an answer to a request for path redirects to, without the site.
func (p page) leadsTo(t *testing.T, path string) string {
	t.Helper()
	base, err := url.Parse("https://site.example" + path)
	if err != nil {
		t.Fatal(err)
	}
	to, err := base.Parse(p.header.Get("Location"))
	if err != nil || p.header.Get("Location") == "" || to.Host != base.Host {
		t.Fatalf("status %d, location %q (%v)", p.status, p.header.Get("Location"), err)
	}
	return strings.TrimPrefix(to.String(), "https://site.example")
}

// post sends a form of the page with a code to where a browser would, and returns the answer and the address.
func (v *visitor) post(p page, path, id, code string) (page, string) {
	v.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	path += p.action(v.t, id)
	form := url.Values{"csrf": {p.csrf()}, "code": {code}}
	return v.do(http.MethodPost, path, asForm(), form.Encode()), path
}

// The address that was asked for comes back byte for byte, also after a wrong code, whatever its query holds.
func TestQueryComesBack(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s\nsends 1000 per 10m"})
	printable := make([]byte, 0, 0x7f)
	for c := byte('!'); c < 0x7f; c++ {
		if c != '#' {
			printable = append(printable, c)
		}
	}
	for _, path := range []string{
		"/?from=12:30", "/?q=site:x", "/?u=http://x.example/y", "/?to=2026-01-01T12:00:00Z", "/w?p=a;b=1", "/w?;",
		"/w?q=%zz", "/w?a=100%&b=%", "/w?q=javascript:alert(1)//", "/w?copy=1&copy;=2&amp=3", `/w?q=<script>"'`,
		"/w?q=C:\\x", "/w?a=1&&b&", "/w?" + string(printable),
		"/a:b/c:d?e:f", "/w?q=%C3%BC%fc&%00=%0d%0a", "/w?code=000000&csrf=x",
	} {
		t.Run(path, func(t *testing.T) {
			v := s.visitor(t, "alice")
			n := len(s.provider.Texts())
			p := v.open(path)
			code := s.provider.Wait(t, n+1).CodeInText()
			if strings.Contains(p.body, "ZgotmplZ") {
				t.Error("the page holds an address that html/template refuses")
			}
			p, _ = v.post(p, path, "verify", wrong(code))
			if p.status != http.StatusForbidden || !strings.Contains(p.body, "2 tries left") {
				t.Fatalf("wrong code: status %d, %.300s", p.status, p.body)
			}
			p, at := v.post(p, path, "verify", code)
			if p.status != http.StatusSeeOther {
				t.Fatalf("right code: status %d, %.300s", p.status, p.body)
			}
			want, _ := url.Parse("https://site.example" + path)
			if to := p.leadsTo(t, at); "https://site.example"+to != want.String() {
				t.Errorf("the right code leads to %s", to)
			}
		})
	}
}

// The button to send again leads to the same address too.
func TestQueryComesBackAfterAnotherText(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "send button"})
	v := s.visitor(t, "alice")
	const path = "/w?p=a;b=12:30&q=%zz"
	p, at := v.post(v.open(path), path, "send", "")
	if to := p.leadsTo(t, at); p.status != http.StatusSeeOther || to != path {
		t.Fatalf("status %d, location %q", p.status, to)
	}
	p, at = v.post(v.open(path), path, "verify", s.provider.Wait(t, 1).CodeInText())
	if to := p.leadsTo(t, at); p.status != http.StatusSeeOther || to != path {
		t.Errorf("status %d, location %q", p.status, to)
	}
}

// An app's parameter that looks like the name of a gate does not keep the forms from the gate that shows the page.
func TestNameOfAGateInTheAppsQuery(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	const path = "/?sms_2fa_zone=admin.x&a=1"
	p, at := v.post(v.open(path), path, "verify", s.provider.Wait(t, 1).CodeInText())
	if to := p.leadsTo(t, at); p.status != http.StatusSeeOther || to != "/?a=1" {
		t.Errorf("status %d, location %q", p.status, to)
	}
}

// A form is what the body holds: a code or proof in the query is none, and a query that cannot be parsed is no matter.
func TestFormIsReadFromTheBodyAlone(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	form := url.Values{"csrf": {p.csrf()}, "code": {code}}.Encode()
	tests := []struct {
		name, query, body string
		want              int
	}{
		{"all in the query", "&" + form, "", http.StatusForbidden},
		{"proof in the query", "&csrf=" + url.QueryEscape(p.csrf()), "code=" + code, http.StatusForbidden},
		{"semicolon in the body", "", form + ";x", http.StatusBadRequest},
		{"no valid encoding in the body", "", form + "&x=%zz", http.StatusBadRequest},
		{"another code in the query", "&code=000000;x&y=%zz", form, http.StatusSeeOther},
	}
	for _, tt := range tests {
		if a := v.do(http.MethodPost, "/?sms_2fa=verify"+tt.query, asForm(), tt.body); a.status != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, a.status, tt.want)
		}
	}
}

// A proxy in front may strip a prefix that the gate never sees: every redirect stays behind the prefix.
func TestPrefixStrippedInFront(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s\nsends 1000 per 10m"})
	behind, _ := url.Parse(s.URL)
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = behind.Scheme, behind.Host, r.In.Host
		r.Out.URL.Path = "/" + strings.TrimPrefix(strings.TrimPrefix(r.In.URL.Path, "/tools"), "/")
		r.Out.URL.RawPath = ""
	}})
	t.Cleanup(front.Close)
	base := strings.Replace(front.URL, "127.0.0.1", "localhost", 1)
	for _, path := range []string{
		"/tools/", "/tools", "/tools?x=12:30", "/tools/?x", "/tools/app", "/tools/deep/app/?a=b",
	} {
		t.Run(path, func(t *testing.T) {
			v := visitorAt(t, s, base, "alice")
			n := len(s.provider.Texts())
			p := v.open(path)
			code := s.provider.Wait(t, n+1).CodeInText()
			_, query, _ := strings.Cut(p.action(t, "verify"), "?")
			at, _, _ := strings.Cut(path, "?")
			at += "?" + query
			header := asForm()
			header.Set("Referer", base+path)
			p = v.do(http.MethodPost, at, header, url.Values{"csrf": {p.csrf()}, "code": {code}}.Encode())
			if to := p.leadsTo(t, at); p.status != http.StatusSeeOther || to != path {
				t.Errorf("status %d, location %q", p.status, to)
			}
			p = v.do(http.MethodPost, at[:len(at)-len("verify")]+"logout", header, "")
			if to := p.leadsTo(t, at); !strings.HasPrefix(to, strings.SplitN(path, "?", 2)[0]+"?") {
				t.Errorf("signing out leads to %q", to)
			}
		})
	}
}

// Whatever a path looks like, no redirect and no link of the page leads to another site.
func TestNothingLeadsOffTheSite(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	for _, path := range []string{
		"//evil.example/x", "///evil.example", "/\\evil.example", "/%5Cevil.example", "/%2F/evil.example", "/a//b",
		"/?next=//evil.example", "/.//evil.example", "/javascript:alert(1)", "/https:evil.example",
		"//evil.example/%2e%2e//x", "/x/..//evil.example",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			ask := func(path string) page {
				return rawPage(t, s, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost\r\n%sSec-Fetch-Mode: navigate\r\n"+
					"Sec-Fetch-Dest: document\r\nConnection: close\r\n\r\n", path, basicAlice))
			}
			for z := html.NewTokenizer(strings.NewReader(ask(path).body)); z.Next() != html.ErrorToken; {
				for _, a := range z.Token().Attr {
					leads := a.Key == "action" || a.Key == "href" || a.Key == "data-home" || a.Key == "data-status"
					if leads && a.Val != "" && a.Val[0] != '?' && !inDirectory(a.Val) {
						t.Errorf("%s=%q", a.Key, a.Val)
					}
				}
			}
			p := ask(withParameter(path, "verify"))
			to := p.header.Get("Location")
			if p.status != http.StatusSeeOther || to == "" || to[0] != '?' && !inDirectory(to) {
				t.Errorf("status %d, location %q", p.status, to)
			}
		})
	}
}

// inDirectory reports whether a reference names a neighbour of the page.
func inDirectory(reference string) bool {
	path, ok := strings.CutPrefix(reference, "./")
	path, _, _ = strings.Cut(path, "?")
	return ok && !strings.ContainsAny(path, `/\`)
}
