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
			"no first factor", onFile, one("sms_2fa"),
			"sets {http.auth.user.id}, so nobody could pass: put a first factor before it",
		},
		{
			"where", onFile, one("sms_2fa"),
			"the gate of app.example.com (server srv0, routes/0/handle/0, routes/0/handle/0)",
		},
		{
			"before basic_auth in a route", onFile, one("route {\nsms_2fa\n" + login + "}"),
			"basic_auth stands behind sms_2fa; write it before",
		},
		{
			"before a route with basic_auth", onFile, one("route {\nsms_2fa\nroute {\n" + login + "}\n}"),
			"basic_auth stands behind sms_2fa",
		},
		{
			"beside basic_auth", onFile, one("handle /a* {\n" + login + "}\nhandle {\nsms_2fa\n}"),
			"put a first factor before it",
		},
		{
			"basic_auth of another site", onFile, siteOf("other.example.com", login) + one("sms_2fa"),
			"put a first factor before it",
		},
		{
			"forward_auth and the default user", onFile, one(forward + "sms_2fa"),
			"write: user {http.reverse_proxy.header.Remote-User}",
		},
		{
			"no forward_auth", onFile, one(login + "sms_2fa {\nuser {rp.header.Remote-User}\n}"),
			"put forward_auth before it",
		},
		{
			"no client certificate", onFile, one("sms_2fa {\nuser {tls_client_subject}\n}"),
			"the site asks for no client certificate",
		},
		{
			"no gate in front", onFile, one(login + "sms_2fa {\nuser {http.sms_2fa.user}\n}"),
			"no other gate stands before it",
		},
		{
			"domain of another site", onFile, one(login + "sms_2fa {\ncookie_domain example.org\n}"),
			`cookie_domain: "example.org" does not cover the host app.example.com`,
		},
		{
			"domain with a typo", onFile, one(login + "sms_2fa {\ncookie_domain exmaple.com\n}"),
			`"exmaple.com" does not cover`,
		},
		{
			"domain below the site", onFile, one(login + "sms_2fa {\ncookie_domain a.app.example.com\n}"),
			"does not cover",
		},
		{
			"domain that only looks alike", onFile, one(login + "sms_2fa {\ncookie_domain ample.com\n}"),
			"does not cover",
		},
		{
			"domain of a wildcard", onFile,
			siteOf("*.example.com", login+"sms_2fa {\ncookie_domain a.example.com\n}"),
			"does not cover the host *.example.com",
		},
		{
			"domain of one of two hosts", onFile,
			one(login + "@b host b.example.org\nhandle @b {\nsms_2fa {\ncookie_domain example.com\n}\n}"),
			"does not cover the host b.example.org",
		},
		{
			"public suffix", onFile, one(login + "sms_2fa {\ncookie_domain com\n}"),
			`cookie_domain: "com" is no domain of one owner`,
		},
		{
			"public suffix of two labels", onFile, one(login + "sms_2fa {\ncookie_domain co.uk\n}"),
			`"co.uk" is no domain of one owner`,
		},
		{
			"suffix of a hoster", onFile, one(login + "sms_2fa {\ncookie_domain github.io\n}"),
			`"github.io" is no domain of one owner`,
		},
		{"suffix with file and line", "cookie_domain com\n" + onFile, one(login + "sms_2fa"), "at Caddyfile:5"},
		{
			"address as a domain", onFile, one(login + "sms_2fa {\ncookie_domain 192.0.2.1\n}"),
			`"192.0.2.1" is not a domain`,
		},
		{
			"matcher without POST", onFile, one(login + "@get method GET\nsms_2fa @get"),
			"lets only GET through: its form is sent by POST",
		},
		{
			"page without a form", onFile,
			one(login + "sms_2fa {\ntemplate " + pageFile(t, `<p>{{.Brand}}</p>`) + "\n}"),
			"the form is missing that sends the code",
		},
		{
			"form without its token", onFile,
			one(login + "sms_2fa {\ntemplate " + pageFile(t, strings.Replace(verifies, token, "", 1)) + "\n}"),
			"the form is missing that sends the code",
		},
		{
			"form by GET", onFile,
			one(login + "sms_2fa {\ntemplate " + pageFile(t, strings.Replace(verifies, "post", "get", 1)) + "\n}"),
			"the form is missing that sends the code",
		},
		{
			"button mode without a button", onFile,
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
			"second gate under a header", onFile, inner("header X-Admin 1"),
			"one of several gates stands under a matcher that looks at more than the address",
		},
		{"which matcher", onFile, inner("header X-Admin 1"), `"matchers":["header"]`},
		{"second gate under an address", onFile, inner("remote_ip 10.0.0.0/8"), `"matchers":["remote_ip"]`},
		{"second gate under no header", onFile, inner("not header X-Admin 1"), `"matchers":["header"]`},
		{"second gate under a path", onFile, inner("path /admin*"), ""},
		{"second gate under no path", onFile, inner("not path /public*"), ""},
		{"second gate under the query", onFile, inner("query admin=1"), ""},
		{"one gate under a header", onFile, one(login + "@inner header X-Admin 1\nsms_2fa @inner"), ""},
		{
			"any host", onFile, siteOf("", login+"sms_2fa {\ncookie_domain example.com\norigin example.com\n}"),
			"cookie_domain is set where the site answers to any host",
		},
		{
			"page without a button", onFile, one(login + "sms_2fa {\ntemplate " + pageFile(t, verifies) + "\n}"),
			"template has no form that asks for another text",
		},
		{
			"page of scripts", onFile,
			one(login + "sms_2fa {\ntemplate " + pageFile(t, `<script nonce="{{.Nonce}}">go()</script>`) + "\n}"),
			"template has no form that sends the code",
		},
		{"good", onFile, one(login + "sms_2fa {\ncookie_domain example.com\n}"), ""},
		{"good, of the host itself", onFile, one(login + "sms_2fa {\ncookie_domain app.example.com\n}"), ""},
		{"good, for a wildcard", onFile, siteOf("*.example.com", login+"sms_2fa {\ncookie_domain example.com\n}"), ""},
		{"good, in development", onFile, siteOf("localhost", login+"sms_2fa {\ncookie_domain example.com\n}"), ""},
		{"good, in a route", onFile, one("route {\n" + login + "sms_2fa\n}"), ""},
		{"good, in two routes", onFile, one("route {\n" + login + "}\nroute {\nsms_2fa\n}"), ""},
		{"good, deep inside", onFile, one(login + "handle /a* {\nhandle /a/b* {\nroute {\nsms_2fa\n}\n}\n}"), ""},
		{"good, after forward_auth", onFile, one(forward + "sms_2fa {\nuser {rp.header.Remote-User}\n}"), ""},
		{"good, where a variable names the user", onFile, one("vars http.auth.user.id alice\nsms_2fa"), ""},
		{
			"good, behind a named route", onFile,
			"&(login) {\n" + login + "}\n" + one("route {\ninvoke login\nsms_2fa\n}"), "",
		},
		{
			"good, inside a named route", onFile,
			"&(gate) {\nsms_2fa\n}\n" + one("route {\n"+login+"invoke gate\n}"), "",
		},
		{
			"good, in a snippet", onFile,
			"(gate) {\n" + login + "sms_2fa\n}\n" + one("import gate") + siteOf("two.example.com", "import gate"),
			"",
		},
		{"good, behind another gate", onFile, one(login + "sms_2fa /a* {\nmax_age 5m\n}\nsms_2fa"), ""},
		{
			"good, in the user of the gate in front", onFile,
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
		source := "{\nsms_2fa {\nsender log\n" + onFile + "}\n}\nexample.com {\n" + content + "\nrespond app\n}\n"
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		if said := caddySays(t, "validate", "--config", file, "--adapter", "caddyfile"); !strings.Contains(said, want) {
			t.Errorf("%s: %s", content, said)
		}
	}
}
