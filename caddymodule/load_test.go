package caddymodule_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

const (
	login  = "basic_auth bcrypt {\nalice " + swordfish + "\n}\n"
	onFile = "directory inline {\nalice +15005550006\n}\n"
	others = "directory inline {\nalice +15005550009\n}\n"
)

// gateOf is a site of its own, which nobody visits, with a first factor and a gate.
func gateOf(host, options string) string { return siteOf(host, login+"sms_2fa {\n"+options+"\n}") }

func siteOf(host, content string) string {
	return fmt.Sprintf("http://%s:{PORT} {\nbind 127.0.0.2\n%s\nrespond app\n}\n", host, content)
}

// globally is the global options that every Caddyfile of these tests begins with.
const globally = "{\nadmin {ADMIN}\nsms_2fa {\nsender log\n%s\n}\n}\n"

// loading is a Caddyfile, and what Caddy says of it.
type loading struct{ name, global, sites, want string }

// load hands Caddyfiles to a running Caddy, one after the other. Where refused is true, each must be refused in the
// words that are wanted; otherwise each must be taken, and the words stand in the log.
func load(t *testing.T, tests []loading, refused bool) {
	t.Helper()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	if refused {
		v.login("/")
	}
	port := s.Admin[strings.LastIndex(s.Admin, ":")+1:] // free on the other address
	for _, tt := range tests {
		before := len(s.Log())
		config := strings.ReplaceAll(fmt.Sprintf(globally, tt.global)+tt.sites, "{PORT}", port)
		err := s.Reload(config)
		if err == nil { // what was said of the configuration has reached the log before this
			testenv.Await(t, "the log has it", func() bool { return strings.Contains(s.Log()[before:], "load complete") })
		}
		switch {
		case !refused && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case !refused && tt.want == "":
			if said := warnings(s.Log()[before:]); said != "" {
				t.Errorf("%s: warnings %s", tt.name, said)
			}
		case !refused && !strings.Contains(warnings(s.Log()[before:]), tt.want):
			t.Errorf("%s: the log does not have %q: %s", tt.name, tt.want, warnings(s.Log()[before:]))
		case refused && (err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), `\"`, `"`), tt.want)):
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
	if refused && !v.open("/").isApp() {
		t.Error("the old configuration does not go on")
	}
}

// warnings are the lines of the gate's warnings.
func warnings(log string) string {
	var found strings.Builder
	for line := range strings.Lines(log) {
		ours := strings.Contains(line, "sms_2fa") && !strings.Contains(line, "sender log")
		if ours && strings.Contains(line, `"level":"warn"`) {
			found.WriteString(strings.ReplaceAll(line, `\"`, `"`))
		}
	}
	return found.String()
}

// Gates of one zone share their verifications, so they must agree in whose they are and in what a code is worth.
func TestGatesOfOneZoneAgree(t *testing.T) {
	t.Parallel()
	pair := func(one, other string) string {
		return gateOf("one.example.com", one) + gateOf("two.example.com", other)
	}
	load(t, []loading{
		{"two directories", "", pair(onFile, others), "differ in directory (inline, and another inline)"},
		{
			"both places", "", pair(onFile, others),
			"the first one is the gate at Caddyfile:13, the second one the gate at Caddyfile:26",
		},
		{"the remedy", "", pair(onFile, others), "zone: two gates are in the zone \"default\""},
		{"a directory of its own", onFile, pair("", others), "differ in directory (inline, and another inline)"},
		{
			"user", onFile, pair("", "user {http.auth.user.mail}"),
			"differ in user ({http.auth.user.id}, and {http.auth.user.mail})",
		},
		{
			"phone", onFile, pair("", "phone {http.auth.user.phone}"),
			"differ in phone (none, and {http.auth.user.phone})",
		},
		{
			"default_region", onFile, pair("default_region DE", "default_region AT"),
			"differ in default_region (DE, and AT)",
		},
		{"code_length", onFile, pair("", "code_length 8"), "differ in code_length (6, and 8)"},
		{"attempts", onFile, pair("", "attempts 10"), "differ in attempts (3, and 10)"},
		{"block", onFile, pair("", "block 1m"), "differ in block (15m0s, and 1m0s)"},
		{"code_ttl", onFile, pair("code_ttl 1m", ""), "differ in code_ttl (1m0s, and 5m0s)"},
		{
			"sends", onFile, pair("", "sends 100 per 10m"),
			"differ in sends (5 per 10m0s, 10 per 24h0m0s, and 100 per 10m0s)",
		},
		{
			"test_number", onFile, pair("", "test_number +15005550006 code 123456 until 2027-01-31"),
			"differ in test_number; ",
		},
		{"in a zone with a name", onFile, pair("zone a", "zone a\nattempts 5"), `in the zone "a"`},
		{
			"one site", onFile,
			siteOf("one.example.com", login+"handle /a* {\nsms_2fa {\nattempts 5\n}\n}\nsms_2fa"),
			"differ in attempts",
		},
		{
			"bind", onFile, pair("cookie_domain example.com\nbind {cookie.a}", "cookie_domain example.com\nbind {cookie.b}"),
			"differ in bind ({http.request.cookie.a}, and {http.request.cookie.b})",
		},
		{
			"bind and none", onFile, pair("cookie_domain example.com", "cookie_domain example.com\nbind {cookie.b}"),
			"differ in bind (none, and",
		},
		{
			"bind on one host", onFile,
			siteOf("one.example.com", login+"handle /a* {\nsms_2fa {\nbind {cookie.a}\n}\n}\nsms_2fa"),
			"share a cookie, but differ in bind",
		},
	}, true)
}

// The same is found where no Caddyfile is read, in the JSON of a configuration; the places are servers and routes.
func TestGatesOfOneZoneAgreeInJSON(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	source := fmt.Sprintf(globally, onFile) +
		gateOf("one.example.com", "") + gateOf("two.example.com", "attempts 5\nzone other")
	adapted, err := adapt(strings.NewReplacer("{ADMIN}", s.Admin, "{PORT}", "8443").Replace(source))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "caddy.json")
	config := strings.Replace(string(adapted), `"zone": "other"`, `"zone": "default"`, 1)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	said := caddySays(t, "validate", "--config", file)
	for _, want := range []string{
		"differ in attempts (3, and 5)", "the gate of one.example.com (server srv0, routes/0/handle/0, routes/0/handle/1)",
		"the gate of two.example.com (server srv0, routes/1/handle/0, routes/0/handle/1)",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("caddy validate does not say %q: %s", want, said)
		}
	}
}

// Gates that share nothing may differ, and those that share all may be written in different ways.
func TestGatesThatGoTogether(t *testing.T) {
	t.Parallel()
	load(t, []loading{
		{
			"zones of their own", "",
			gateOf("one.example.com", onFile) + gateOf("two.example.com", others+"zone two"), "",
		},
		{
			"defaults written out", onFile,
			gateOf("one.example.com", "sends 5 per 10m, 10 per 24h\nattempts 3") +
				gateOf("two.example.com", "user {http.auth.user.id}"),
			"",
		},
		{"the same directory twice", "", gateOf("one.example.com", onFile) + gateOf("two.example.com", onFile), ""},
		{"the global directory again", onFile, gateOf("one.example.com", onFile) + gateOf("two.example.com", ""), ""},
		{
			"bind on hosts of their own", onFile,
			gateOf("one.example.com", "bind {cookie.a}") + gateOf("two.example.com", "bind {cookie.b}"), "",
		},
		{
			"step-up", onFile,
			siteOf("one.example.com", login+"handle /a* {\nsms_2fa {\nmax_age 5m\nsession 1h\n}\n}\nsms_2fa"), "",
		},
	}, false)
}

// A number that the visitor chooses is no second factor, and a user whom nobody named is nobody.
func TestSourcesOfUserAndNumber(t *testing.T) {
	t.Parallel()
	one := func(options string) string { return gateOf("one.example.com", options) }
	vars := func(assignment, options string) string {
		return siteOf("one.example.com", assignment+"\n"+login+"sms_2fa {\n"+options+"\n}")
	}
	load(t, []loading{
		{"number from a header", onFile, one("phone {http.request.header.X-Phone}"), "at Caddyfile:17"},
		{
			"number from a header, in words", onFile, one("phone {http.request.header.X-Phone}"),
			"whoever has the password could choose the number",
		},
		{
			"number from a cookie", onFile, one("phone {cookie.phone}"),
			"phone: {http.request.cookie.phone} is a cookie",
		},
		{"number from the query", onFile, one("phone +{query.p}"), "phone: {http.request.uri.query.p} is a parameter"},
		{"number from the path", onFile, one("phone {path.0}"), "phone: {http.request.uri.path.0}"},
		{"number from the body", onFile, one("phone {http.request.body}"), "phone: {http.request.body}"},
		{"number from a matcher", onFile, one("phone {re.p.1}"), "phone: {http.regexp.p.1}"},
		{"number from the host", onFile, one("phone {http.request.host.labels.2}"), "is no phone number"},
		{"number of somebody refused", onFile, one("phone {http.auth.candidate.phone}"), "names whoever was refused"},
		{
			"number globally", onFile + "phone {http.request.header.X-Phone}", one(""),
			"phone: {http.request.header.X-Phone}",
		},
		{
			"number by a variable", onFile, vars("vars number {header.X-Phone}", "phone {vars.number}"),
			"phone: {http.request.header.X-Phone}",
		},
		{
			"number by two variables", onFile, vars("vars a {header.X-Phone}\nvars b {vars.a}", "phone {vars.b}"),
			"phone: {http.request.header.X-Phone}",
		},
		{
			"number by a map", onFile, vars("map {query.who} {number} {\n~(.*) \"${1}\"\n}", "phone {number}"),
			"phone: {http.request.uri.query.who}",
		},
		{
			"user of the host", onFile, one("user {http.request.host}"),
			"user: {http.request.host} is the same for everybody",
		},
		{"user of the environment", onFile, one("user {env.HOME}"), "user: {env.HOME} is the same for everybody"},
		{"user of the machine", onFile, one("user {system.hostname}"), "is the same for everybody"},
		{"user of the moment", onFile, one("user {time.now.unix}"), "is another with every request"},
		{"user of the request", onFile, one("user {uuid}"), "is another with every request"},
		{
			"user of the authority", onFile, one("user {tls_client_issuer}"),
			"everybody with a certificate of that authority",
		},
		{"user of an error", onFile, one("user {http.auth.http_basic.error}"), "does not say who the visitor is"},
		{
			"user of constants alone", onFile, one("user {env.HOME}-{scheme}"),
			"user: {env.HOME} is the same for everybody",
		},
		{
			"user by a variable", onFile, vars("vars who {host}", "user {vars.who}"),
			"user: {http.vars.who} names no person",
		},
		{"bind to the host", onFile, one("bind {host}"), "bind: {http.request.host} is the same for everybody"},
	}, true)
}

// A user whom the visitor names is allowed, because something in front may overwrite the name; the log says how it is
// forged where nothing does.
func TestUsersThatCanBeForged(t *testing.T) {
	t.Parallel()
	one := func(user string) string { return gateOf("one.example.com", "user "+user) }
	load(t, []loading{
		{"header", onFile, one("{header.Remote-User}"), `whoever sends "Remote-User: alice" is alice`},
		{"what to write", onFile, one("{header.Remote-User}"), `read {http.reverse_proxy.header.Remote-User}`},
		{"cookie", onFile, one("{cookie.user}"), `whoever sends "Cookie: user=alice" is alice`},
		{"query", onFile, one("{query.user}"), `whoever opens "/?user=alice" is alice`},
		{"path", onFile, one("{path.0}"), `whoever writes alice there is alice`},
		{"address", onFile, one("{client_ip}"), `everybody there is one person`},
		{
			"variable", onFile, siteOf("one.example.com", "vars who {header.X}\nsms_2fa {\nuser {vars.who}\n}"),
			`whoever sends "X: alice" is alice`,
		},
		{
			"the first factor's own name", onFile,
			siteOf("one.example.com", "vars http.auth.user.id {header.X}\nsms_2fa"),
			`whoever sends "X: alice" is alice`,
		},
		{"first factor", onFile, one("{http.auth.user.id}"), ""},
		{"a person on a host", onFile, one("{http.auth.user.id}@{host}"), ""},
		{
			"map of the first factor", onFile,
			siteOf("one.example.com", login+
				"map {http.auth.user.id} {number} {\nalice +15005550006\n}\nsms_2fa {\nphone {number}\n}"),
			"",
		},
	}, false)
}

// What a store or a provider's reports cannot work with is refused before anything is served.
func TestOptionsThatCannotWork(t *testing.T) {
	t.Parallel()
	reports := func(options string) string {
		return "sender http {\nname mine\nurl https://sms.example.com\njson \"{}\"\nreports {\n" + options +
			"\ndelivered ok\n}\n}\n" + onFile
	}
	const signed = "hmac sha256 0123456789abcdef X-Signature\n"
	one := gateOf("one.example.com", "")
	load(t, []loading{
		{"stale_ok 0s", onFile, gateOf("one.example.com", "stale_ok 0s"), "expected at least 2s"},
		{"stale_ok 300ms", onFile + "stale_ok 300ms", one, "stale_ok: 300ms is shorter than a store in good health"},
		{"address", onFile + "store redis {\naddress 127.0.0.1\n}", one, "is neither host:port, like 127.0.0.1:6379"},
		{
			"address by URL", onFile + "store redis {\naddress redis://127.0.0.1:6379\n}", one,
			"a URL is not expected here",
		},
		{
			"name that is not signed", reports(signed + "message_id query id\nstate json /state"), one,
			"reports: message_id: the query is not signed",
		},
		{
			"state that is not signed", reports(signed + "message_id json /id\nstate query state"), one,
			"reports: state: the query is not signed",
		},
		{
			"code that is not signed", reports(signed + "message_id json /id\nstate json /state\nerror_code query c"), one,
			"reports: error_code: the query is not signed",
		},
	}, true)
}
