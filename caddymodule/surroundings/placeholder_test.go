package surroundings_test

import (
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
)

func TestTrace(t *testing.T) {
	for _, test := range []struct{ name, handlers, want string }{
		{"nothing in front", `HERE`, "{http.vars.who}"},
		{"vars", whoIsID + `, HERE`, "{http.auth.user.id}"},
		{"vars behind", `HERE, ` + whoIsID, "{http.vars.who}"},
		{"named route", `{"handler": "invoke", "name": "named"}, HERE`, "{http.request.header.Who}"},
		{
			"map, with its source", `{"handler": "map", "source": "{http.request.host}", "destinations": ["{http.vars.who}"],
				"mappings": [{"input": "a", "outputs": ["{http.auth.user.id}"]}]}, HERE`,
			"{http.request.host} {http.auth.user.id}",
		},
	} {
		var traced []string
		for _, p := range around(t, `{"handle": [`+test.handlers+`]}`).Trace(app.Placeholders("{http.vars.who}")) {
			traced = append(traced, p.String())
		}
		if got := strings.Join(traced, " "); got != test.want {
			t.Errorf("%s: %s; want %s", test.name, got, test.want)
		}
	}
}

func TestMissing(t *testing.T) {
	for _, test := range []struct{ name, handlers, user, want string }{
		{"no first factor", `HERE`, "{http.auth.user.id}", "put a first factor before it"},
		{"first factor in front", login + `, HERE`, "{http.auth.user.id}", ""},
		{"first factor behind", `HERE, ` + login, "{http.auth.user.id}", "basic_auth stands behind"},
		{"a named route", `{"handler": "invoke", "name": "named"}, HERE`, "{http.auth.user.id}", ""},
		{"no gate in front", `HERE`, "{http.sms_2fa.user}", "no other gate"},
		{"a gate in front", elsewhere + `, HERE`, "{http.sms_2fa.user}", ""},
		{"no certificates", `HERE`, "{http.request.tls.client.subject}", "no client certificate"},
		{"no proxy", `HERE`, "{http.reverse_proxy.header.Remote-User}", "put forward_auth"},
	} {
		s := around(t, `{"handle": [`+test.handlers+`]}`)
		got := s.Missing(app.Placeholders(test.user)[0])
		if !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q; want %q", test.name, got, test.want)
		}
	}
}
