package directorytest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/directory"
)

// names are as many names, each with its own seven digits.
func names(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("u%07d", i))
	}
	return all
}

// Dangerous are names by which an attacker may hope for the number of alice or bob: each has characters that mean
// something in LDAP filters and names, in SQL, in Redis keys, in URLs, in JSON or in templates. All are canonical, and
// no two are the same.
var Dangerous = canonical(

	"*", "a*", "alice*", "(", ")", "alice)", "alice)(uid=*", "*)(uid=alice", "alice)(|(uid=*", "*))%00",
	`\`, `\2a`, `alice\`, `\61lice`, `corp\alice`, `al\ice`, "alice&bob", "|", "!(uid=x)", "(uid=alice)", "uid=alice",
	"alice,ou=people", "ou=people", "alice+cn=1", "#alice", "alice;bob", "<alice>", "alice=", `"alice"`, "/", "cn=1",
	"'", "''", "alice'", "alice'--", "' or '1'='1", "' or 1=1--", `" or ""="`, "alice'; drop table people; --",
	`\' or 1=1 -- `, "alice' union select phone from people --", "1; select 1", "$1", "$2", "?", "%", "_", "alic_",
	"alice/*", "*/", "--", "`", "alice`", "$$alice$$", "0", "null", "true", "e'alice'",
	":", "alice:phone", "{alice}", "phones", "a b", "alice\\r\\nget x", "*1", "$5", "+ok",
	".", "..", "../alice", "alice/..", "x/../alice", "./alice", "%2e%2e", "..%2falice", "%2falice", "alice%00", "%",
	"alice?x=1", "?user=bob", "alice#x", "alice&user=bob", "alice;user=bob", "//bob", "\\\\bob", "@bob", "bob@host",
	"http://bob", "alice%", "%zz", "alice+bob", `{"user":"alice"}`, `alice","user":"bob`, `\u0061lice`, "[]", "[1]",
	"{user}", "{user.given}", "{env.home}", "{http.request.host}", "${jndi:ldap://x}", "{{.}}", "%s%n",
	"=cmd()", "@alice", "-alice", "\u202ealice", "al\u200bice", "müller", "\u0430lice", "日本", "👤", "ﷺ",
	strings.Repeat("a", 500), strings.Repeat("*", 100), strings.Repeat("(", 100), strings.Repeat("'", 101),
)

func canonical(raw ...string) []string {
	var all []string
	for _, r := range raw {
		if name := directory.Canonical(r); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// strangers holds that nobody gets a number by a dangerous name.
func strangers(t *testing.T, open Open) {
	h := open(t, People{"alice": {"+15005550006"}, "bob": {"+15005550009"}})
	for _, name := range Dangerous {
		numbers, err := lookup(t, h.Directory, name)
		if len(numbers) > 0 {
			t.Errorf("%q has the number %q", name, numbers)
		}
		if refused := h.Refuses != nil && h.Refuses(name); (err != nil) != refused {
			t.Errorf("%q: error %v, want one: %v", name, err, refused)
		}
	}
	has(t, h.Directory, "alice", "+15005550006")
}

// owners holds that people with dangerous names have their own numbers, and no others.
func owners(t *testing.T, open Open) {
	people := People{"alice": {"+15005550006"}, "bob": {"+15005550009"}}
	all := open(t, People{})
	for i, name := range Dangerous {
		if all.Unstorable == nil || !all.Unstorable(name) {
			people[name] = []string{fmt.Sprintf("+1500555%04d", 1000+i)}
		}
	}
	h := open(t, people)
	for name, numbers := range people {
		if h.Refuses == nil || !h.Refuses(name) {
			has(t, h.Directory, name, numbers...)
		}
	}
}
