package directory

import (
	"errors"
	"net/url"
	"testing"
)

func TestTemplate(t *testing.T) {
	t.Parallel()
	p := Person{Name: `corp\al ice@x`, Given: `CORP\Al Ice@x`}
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"phones", "phones"},
		{"a:{user}:b", `a:corp\al ice@x:b`},
		{"{user.given}", `CORP\Al Ice@x`},
		{"{user.login}", "al ice"},
		{"{env.X}/{user.login}", "value/al ice"},
		{`{"a": {"b": "{user.login}"}}`, `{"a": {"b": "al ice"}}`},
		{"{}{ user }{1}", "{}{ user }{1}"},
	} {
		tmpl, err := parseTemplate(c.text, func(string) (string, error) { return "value", nil })
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
		if got := tmpl.fill(p, nil); got != c.want {
			t.Errorf("%s becomes %q, want %q", c.text, got, c.want)
		}
	}
	// A value is never searched for variables, and is escaped by itself.
	tmpl, _ := parseTemplate("/{user}?{user}", nil)
	const escaped = "%7Buser.given%7D&%2F"
	if got := tmpl.fill(Person{Name: "{user.given}&/"}, url.PathEscape); got != "/"+escaped+"?"+escaped {
		t.Errorf("%q", got)
	}
}

func TestTemplateErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"{usr}", "{user.x}", "{username}", "{env.EMPTY}"} {
		if _, err := parseTemplate(text, func(string) (string, error) { return "", errors.New("empty") }); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"alice": "alice", `corp\alice`: "alice", "alice@corp.example.com": "alice", `corp\alice@x@y`: "alice",
		`corp\`: `corp\`, "@x": "@x", `a\b\c`: "c", "": "",
	} {
		if got := login(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestParseQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mysql       bool
		query, want string
		parameters  int
	}{
		{false, "SELECT phone FROM people WHERE login = $1", "SELECT phone FROM people WHERE login = $1", 1},
		{false, " select a from b where c={user} or d={user.given}", "select a from b where c=$1 or d=$2", 2},
		{false, "SELECT\n'it''s ; {}' FROM b WHERE c = $1 -- why; \n", "SELECT\n'it''s ; {}' FROM b WHERE c = $1 --", 1},
		{false, "SELECT a->>'x' FROM b /* $2; */ WHERE c = f($1)", "SELECT a->>'x' FROM b /* $2; */ WHERE c = f($1)", 1},
		{true, "SELECT `a;b` FROM c WHERE d = ? AND e = '?x'", "SELECT `a;b` FROM c WHERE d = ? AND e = '?x'", 1},
		{true, `SELECT 'it\'s' FROM c WHERE d = {user.login}`, `SELECT 'it\'s' FROM c WHERE d = ?`, 1},
	} {
		got, parameters, err := parseQuery(c.query, c.mysql)
		if err != nil || len(got) < len(c.want) || got[:len(c.want)] != c.want || len(parameters) != c.parameters {
			t.Errorf("%s: %q, %d parameters, %v", c.query, got, len(parameters), err)
		}
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	t.Parallel()
	for query, why := range map[string]error{
		"":                                    nil,
		"DELETE FROM people WHERE login = $1": errNotSelect,
		"INSERT INTO people SELECT $1":        errNotSelect,
		"WITH x AS (DELETE FROM people RETURNING phone) SELECT phone FROM x WHERE $1": errNotSelect,
		"/* x */ SELECT phone FROM people WHERE login = $1":                           errNotSelect,
		"SELECTED phone":                                      errNotSelect,
		"SELECT phone FROM people":                            errNobody,
		"SELECT phone FROM people WHERE login = 'alice'":      errNobody,
		"SELECT phone FROM people WHERE login = $1; SELECT 1": errSeveral,
		"SELECT phone FROM people WHERE login = $1;":          errSeveral,
		"SELECT phone FROM people WHERE login = '$1'":         errQuoted,
		"SELECT phone FROM people WHERE login = '{user}'":     errQuoted,
		"SELECT phone FROM people WHERE login = '%{user}%'":   errQuoted,
		"SELECT phone FROM people WHERE login = $1 || 'x":     errOpen,
		"SELECT phone FROM people WHERE login = $1 /* x":      errOpen,
		"SELECT phone FROM people WHERE login = $2":           nil,
		"SELECT $$x$$ FROM people WHERE login = $1":           nil,
		"SELECT phone FROM people WHERE login = {usr}":        nil,
	} {
		_, _, err := parseQuery(query, false)
		if err == nil || why != nil && !errors.Is(err, why) {
			t.Errorf("%s: %v, want %v", query, err, why)
		}
	}
}
