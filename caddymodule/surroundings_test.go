package caddymodule_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pageFile is a page of the operator's own.
func pageFile(t *testing.T, source string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "own.html")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const forward = "forward_auth 127.0.0.1:9 {\nuri /auth\ncopy_headers Remote-User\n}\n"

// What can never work where a gate stands is refused, and what to write is said.
func TestGateWhereItCannotWork(t *testing.T) {
	t.Parallel()
	one := func(content string) string { return siteOf("app.example.com", content) }
	load(t, []loading{
		{
			"no first factor", phones, one("sms_2fa"),
			"sets {http.auth.user.id}, so nobody could pass: put a first factor before it",
		},
		{
			"where", phones, one("sms_2fa"),
			"the gate of app.example.com (server srv0, routes/0/handle/0, routes/0/handle/0)",
		},
		{
			"before basic_auth in a route", phones, one("route {\nsms_2fa\n" + login + "}"),
			"basic_auth stands behind sms_2fa; write it before",
		},
		{
			"before a route with basic_auth", phones, one("route {\nsms_2fa\nroute {\n" + login + "}\n}"),
			"basic_auth stands behind sms_2fa",
		},
		{
			"beside basic_auth", phones, one("handle /a* {\n" + login + "}\nhandle {\nsms_2fa\n}"),
			"put a first factor before it",
		},
		{
			"basic_auth of another site", phones, siteOf("other.example.com", login) + one("sms_2fa"),
			"put a first factor before it",
		},
		{
			"forward_auth and the default user", phones, one(forward + "sms_2fa"),
			"write: user {http.reverse_proxy.header.Remote-User}",
		},
		{
			"no forward_auth", phones, one(login + "sms_2fa {\nuser {rp.header.Remote-User}\n}"),
			"put forward_auth before it",
		},
		{
			"no client certificate", phones, one("sms_2fa {\nuser {tls_client_subject}\n}"),
			"the site asks for no client certificate",
		},
		{
			"no gate in front", phones, one(login + "sms_2fa {\nuser {http.sms_2fa.user}\n}"),
			"no other gate stands before it",
		},
		{
			"domain of another site", phones, one(login + "sms_2fa {\ncookie_domain example.org\n}"),
			`cookie_domain: "example.org" does not cover the host app.example.com`,
		},
		{
			"domain with a typo", phones, one(login + "sms_2fa {\ncookie_domain exmaple.com\n}"),
			`"exmaple.com" does not cover`,
		},
		{
			"domain below the site", phones, one(login + "sms_2fa {\ncookie_domain a.app.example.com\n}"),
			"does not cover",
		},
		{
			"domain that only looks alike", phones, one(login + "sms_2fa {\ncookie_domain ample.com\n}"),
			"does not cover",
		},
		{
			"domain of a wildcard", phones,
			siteOf("*.example.com", login+"sms_2fa {\ncookie_domain a.example.com\n}"),
			"does not cover the host *.example.com",
		},
		{
			"domain of one of two hosts", phones,
			one(login + "@b host b.example.org\nhandle @b {\nsms_2fa {\ncookie_domain example.com\n}\n}"),
			"does not cover the host b.example.org",
		},
		{
			"public suffix", phones, one(login + "sms_2fa {\ncookie_domain com\n}"),
			`cookie_domain: "com" is no domain of one owner`,
		},
		{
			"public suffix of two labels", phones, one(login + "sms_2fa {\ncookie_domain co.uk\n}"),
			`"co.uk" is no domain of one owner`,
		},
		{
			"suffix of a hoster", phones, one(login + "sms_2fa {\ncookie_domain github.io\n}"),
			`"github.io" is no domain of one owner`,
		},
		{"suffix with file and line", "cookie_domain com\n" + phones, one(login + "sms_2fa"), "at Caddyfile:5"},
		{
			"address as a domain", phones, one(login + "sms_2fa {\ncookie_domain 192.0.2.1\n}"),
			`"192.0.2.1" is not a domain`,
		},
		{
			"matcher without POST", phones, one(login + "@get method GET\nsms_2fa @get"),
			"lets only GET through: its form is sent by POST",
		},
		{
			"page without a form", phones,
			one(login + "sms_2fa {\ntemplate " + pageFile(t, `<p>{{.Brand}}</p>`) + "\n}"),
			"the form is missing that sends the code",
		},
		{
			"form without its token", phones,
			one(login + "sms_2fa {\ntemplate " + pageFile(t, strings.Replace(verifies, token, "", 1)) + "\n}"),
			"the form is missing that sends the code",
		},
		{
			"form by GET", phones,
			one(login + "sms_2fa {\ntemplate " + pageFile(t, strings.Replace(verifies, "post", "get", 1)) + "\n}"),
			"the form is missing that sends the code",
		},
		{
			"button mode without a button", phones,
			one(login + "sms_2fa {\nsend button\ntemplate " + pageFile(t, verifies) + "\n}"),
			"with send button, nobody could get a text",
		},
	}, true)
}

// What only is odd is taken, with a warning; what is in order is taken without one.
func TestGateWhereItIsOdd(t *testing.T) {
	t.Parallel()
	one := func(content string) string { return siteOf("app.example.com", content) }
	inner := func(matcher string) string {
		return one(login + "@inner " + matcher + "\nhandle @inner {\nsms_2fa {\nzone inner\n}\n}\nsms_2fa")
	}
	load(t, []loading{
		{
			"second gate under a header", phones, inner("header X-Admin 1"),
			"one of several gates stands under a matcher that looks at more than the address",
		},
		{"which matcher", phones, inner("header X-Admin 1"), `"matchers":["header"]`},
		{"second gate under an address", phones, inner("remote_ip 10.0.0.0/8"), `"matchers":["remote_ip"]`},
		{"second gate under no header", phones, inner("not header X-Admin 1"), `"matchers":["header"]`},
		{"second gate under a path", phones, inner("path /admin*"), ""},
		{"second gate under no path", phones, inner("not path /public*"), ""},
		{"second gate under the query", phones, inner("query admin=1"), ""},
		{"one gate under a header", phones, one(login + "@inner header X-Admin 1\nsms_2fa @inner"), ""},
		{
			"any host", phones, siteOf("", login+"sms_2fa {\ncookie_domain example.com\n}"),
			"cookie_domain is set where the site answers to any host",
		},
		{
			"page without a button", phones, one(login + "sms_2fa {\ntemplate " + pageFile(t, verifies) + "\n}"),
			"template has no form that asks for another text",
		},
		{
			"page of scripts", phones,
			one(login + "sms_2fa {\ntemplate " + pageFile(t, `<script nonce="{{.Nonce}}">go()</script>`) + "\n}"),
			"template has no form that sends the code",
		},
		{"good", phones, one(login + "sms_2fa {\ncookie_domain example.com\n}"), ""},
		{"good, of the host itself", phones, one(login + "sms_2fa {\ncookie_domain app.example.com\n}"), ""},
		{"good, for a wildcard", phones, siteOf("*.example.com", login+"sms_2fa {\ncookie_domain example.com\n}"), ""},
		{"good, in development", phones, siteOf("localhost", login+"sms_2fa {\ncookie_domain example.com\n}"), ""},
		{"good, in a route", phones, one("route {\n" + login + "sms_2fa\n}"), ""},
		{"good, in two routes", phones, one("route {\n" + login + "}\nroute {\nsms_2fa\n}"), ""},
		{"good, deep inside", phones, one(login + "handle /a* {\nhandle /a/b* {\nroute {\nsms_2fa\n}\n}\n}"), ""},
		{"good, after forward_auth", phones, one(forward + "sms_2fa {\nuser {rp.header.Remote-User}\n}"), ""},
		{"good, where a variable names the user", phones, one("vars http.auth.user.id alice\nsms_2fa"), ""},
		{
			"good, behind a named route", phones,
			"&(login) {\n" + login + "}\n" + one("route {\ninvoke login\nsms_2fa\n}"), "",
		},
		{
			"good, inside a named route", phones,
			"&(gate) {\nsms_2fa\n}\n" + one("route {\n"+login+"invoke gate\n}"), "",
		},
		{
			"good, in a snippet", phones,
			"(gate) {\n" + login + "sms_2fa\n}\n" + one("import gate") + siteOf("two.example.com", "import gate"),
			"",
		},
		{"good, behind another gate", phones, one(login + "sms_2fa /a* {\nmax_age 5m\n}\nsms_2fa"), ""},
		{
			"good, in the user of the gate in front", phones,
			one(login + "route {\nsms_2fa\nsms_2fa {\nzone b\nuser {http.sms_2fa.user}\n}\n}"), "",
		},
	}, false)
}

// What stands around a gate is found whatever stands in the way, and judged before anything is served.
func TestValidateJudgesTheSurroundings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "Caddyfile")
	for content, want := range map[string]string{
		"sms_2fa":         "put a first factor before it",
		login + "sms_2fa": "Valid configuration",
	} {
		source := "{\nsms_2fa {\nsender log\n" + phones + "}\n}\nexample.com {\n" + content + "\nrespond app\n}\n"
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		if said := caddySays(t, "validate", "--config", file, "--adapter", "caddyfile"); !strings.Contains(said, want) {
			t.Errorf("%s: %s", content, said)
		}
	}
}
