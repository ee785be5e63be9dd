package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/directory/directorytest"
	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// asked is a directory as an operator writes it, and the server that it asks.
type asked struct {
	block      string
	env        []string // secrets
	stop, back func()   // of the real server
	*testenv.Path
}

// The numbers that every directory below has: alice's, and no number for nobody. bob has several.
const (
	aliceNumber = "+15005550016"
	bobNumber   = "+15005550017"
	bobSecond   = "+15005550018"
)

// directoriesThatAsk start a server each, with the numbers of alice and bob.
var directoriesThatAsk = map[string]func(t *testing.T) asked{
	"postgres": func(t *testing.T) asked {
		db := testenv.StartPostgres(t)
		fillTable(t, db)
		p := testenv.StartPath(t, db.Addr)
		return asked{
			`directory sql postgres {
				dsn {env.PEOPLE_DSN}
				query "SELECT phone FROM people WHERE login = $1 ORDER BY phone"
				timeout 1s
			}`, []string{"PEOPLE_DSN=" + db.DSN(p.Addr)}, db.Stop, db.Start, p,
		}
	},
	"mariadb": func(t *testing.T) asked {
		db := testenv.StartMariaDB(t)
		fillTable(t, db)
		p := testenv.StartPath(t, db.Addr)
		return asked{
			`directory sql mysql {
				dsn {env.PEOPLE_DSN}
				query "SELECT phone FROM people WHERE login = ? ORDER BY phone"
				timeout 1s
			}`, []string{"PEOPLE_DSN=" + db.DSN(p.Addr)}, db.Stop, db.Start, p,
		}
	},
	"ldaps":    func(t *testing.T) asked { return askLDAP(t, true) },
	"starttls": func(t *testing.T) asked { return askLDAP(t, false) },
	"redis": func(t *testing.T) asked {
		server := testenv.StartRedis(t, "--requirepass", "swordfish")
		fill := func() {
			server.Do("HSET", "phones", "alice", aliceNumber, "bob", `["`+bobNumber+`", "`+bobSecond+`"]`)
		}
		fill()
		p := testenv.StartPath(t, server.Addr)
		return asked{
			"directory redis {\naddress " + p.Addr + "\npassword {env.REDIS_PASSWORD}\nhash phones\ntimeout 1s\n}",
			[]string{"REDIS_PASSWORD=swordfish"},
			server.Stop, func() { server.Restart(); fill() }, p,
		}
	},
	"http": func(t *testing.T) asked {
		server := httptest.NewServer(http.HandlerFunc(hr))
		t.Cleanup(server.Close)
		p := testenv.StartPath(t, server.Listener.Addr().String())
		return asked{
			`directory http {
				url http://` + p.Addr + `/people/{user}
				header X-Api-Key {env.HR_KEY}
				phone /contact/mobile
				timeout 1s
			}`, []string{"HR_KEY=open-sesame"}, p.Down, p.Up, p,
		}
	},
}

func fillTable(t *testing.T, db interface {
	Exec(t testing.TB, query string, args ...any)
},
) {
	t.Helper()
	db.Exec(t, "CREATE TABLE people (login VARCHAR(600), phone VARCHAR(100))")
	db.Exec(t, "INSERT INTO people VALUES ('alice', '"+aliceNumber+"'), ('bob', '"+bobNumber+"'), ('bob', '"+
		bobSecond+"'), ('carol', NULL)")
}

func askLDAP(t *testing.T, secure bool) asked {
	t.Helper()
	server := testenv.StartSlapd(t)
	unit := server.AddUnit(t, "people")
	server.AddPeople(t, unit, map[string][]string{"alice": {aliceNumber}, "bob": {bobNumber, bobSecond}, "carol": nil})
	target, how := server.Addr, "url ldap://%s\nstarttls"
	if secure {
		target, how = server.Secure, "url ldaps://%s"
	}
	p := testenv.StartPath(t, target)
	return asked{
		fmt.Sprintf(`directory ldap {
			`+how+`
			tls {
				ca %s
			}
			bind_dn cn=gate,dc=example,dc=com
			bind_password {env.LDAP_PASSWORD}
			base %s
			filter (&(objectClass=person)(uid={user}))
			attribute mobile telephoneNumber
			timeout 1s
		}`, p.Addr, server.CA, unit),
		[]string{"LDAP_PASSWORD=swordfish"},
		server.Stop, server.Start, p,
	}
}

// hr is an API that knows alice and bob.
func hr(w http.ResponseWriter, r *http.Request) {
	numbers := map[string]any{"alice": aliceNumber, "bob": []string{bobNumber, bobSecond}, "carol": nil}
	login, isPerson := strings.CutPrefix(r.URL.Path, "/people/")
	number, known := numbers[login]
	switch {
	case r.Header.Get("X-Api-Key") != "open-sesame":
		http.Error(w, "no", http.StatusUnauthorized)
	case !isPerson:
		http.Error(w, "no such address", http.StatusBadRequest)
	case !known:
		http.NotFound(w, r)
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"contact": map[string]any{"mobile": number}})
	}
}

// Each directory, written as an operator writes it: found, not found, several numbers, down in the middle of a
// challenge, slow, back again. No fault is taken for "no number", and no secret is told.
func TestEveryDirectory(t *testing.T) {
	t.Parallel()
	for name, start := range directoriesThatAsk {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			s := startSite(t, setup{directive: d.block + "\nresend_after 0s", env: d.env})
			bob := s.visitor(t, "bob")
			bob.open("/")
			if to := s.provider.Wait(t, 1).To; "+"+to != bobNumber {
				t.Errorf("bob's text went to %s", to)
			}
			for _, without := range []string{"nobody", "carol"} {
				p := s.visitor(t, without).open("/")
				if p.status != http.StatusForbidden || !strings.Contains(p.body, "phone number") {
					t.Errorf("%s: status %d, %.200s", without, p.status, p.body)
				}
			}
			alice := s.visitor(t, "alice")
			page := alice.open("/")
			text := s.provider.Wait(t, 2)
			if "+"+text.To != aliceNumber {
				t.Errorf("alice's text went to %s", text.To)
			}

			d.stop()
			s.cannotTell(t, alice, page, text.CodeInText())
			d.back()
			s.enters(t, alice, page, text.CodeInText())

			d.Slow()
			s.cannotTell(t, bob, bob.open("/"), "123456")
			d.Up()
			testenv.Await(t, "the directory answers again", func() bool {
				return s.visitor(t, "bob").open("/").status == http.StatusForbidden
			})
			s.tellsNoSecret(t, d.env)
		})
	}
}

// cannotTell holds what a visitor and the operator are told while the directory is down or slow.
func (s *site) cannotTell(t *testing.T, v *visitor, page page, code string) {
	t.Helper()
	began := time.Now()
	opened := v.open("/")
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("the page took %s", took)
	}
	if opened.status != http.StatusServiceUnavailable || opened.header.Get("Retry-After") != "5" {
		t.Errorf("page: status %d, Retry-After %q", opened.status, opened.header.Get("Retry-After"))
	}
	asJSON := v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}")
	if asJSON.status != http.StatusServiceUnavailable || asJSON.problem() != "directory-unavailable" {
		t.Errorf("send: status %d, problem %q", asJSON.status, asJSON.problem())
	}
	if page.csrf() != "" {
		if p := v.submit(page, "/", code); p.status != http.StatusServiceUnavailable {
			t.Errorf("code: status %d", p.status)
		}
	}
	s.AwaitLog(t, "directory does not answer")
}

// enters types the code as soon as the directory answers again.
func (s *site) enters(t *testing.T, v *visitor, page page, code string) {
	t.Helper()
	testenv.Await(t, "the code opens the session", func() bool {
		return v.submit(page, "/", code).status == http.StatusSeeOther
	})
	if !v.open("/").isApp() {
		t.Error("not in")
	}
}

func (s *site) tellsNoSecret(t *testing.T, env []string) {
	t.Helper()
	log, metrics, config := s.Log(), s.Get("/metrics"), s.Get("/config/")
	for _, secret := range env {
		if _, value, _ := strings.Cut(secret, "="); strings.Contains(log+metrics+config, value) {
			t.Errorf("%s is in the log, the metrics or the configuration", secret)
		}
	}
	for _, number := range []string{aliceNumber, bobNumber, bobSecond} {
		if strings.Contains(log, number) {
			t.Errorf("the log has the number %s", number)
		}
	}
	for _, line := range []string{`result="found"`, `result="none"`} {
		if !strings.Contains(metrics, line) {
			t.Errorf("the metrics have no line with %s", line)
		}
	}
}

// Nobody gets at another's number by a name that means something to a directory.
func TestInjection(t *testing.T) {
	t.Parallel()
	for name, start := range directoriesThatAsk {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			s := startSite(t, setup{
				site: "vars user {http.request.header.X-User}", directive: d.block + "\nuser {http.vars.user}", env: d.env,
			})
			v := s.visitor(t, "alice")
			open := func(user string) page {
				h := asPage()
				h.Set("X-User", user)
				return v.do(http.MethodGet, "/", h, "")
			}
			for _, user := range directorytest.Dangerous {
				p := open(user)
				refused := name == "http" && p.status == http.StatusServiceUnavailable && strings.Contains(user, ".")
				if p.status != http.StatusForbidden && !refused || strings.Contains(p.body, "We sent a text") {
					t.Errorf("%q: status %d, %.300s", user, p.status, p.body)
				}
			}
			if texts := s.provider.Texts(); len(texts) != 0 {
				t.Errorf("%d texts went out", len(texts))
			}
			open("alice")
			if to := s.provider.Wait(t, 1).To; "+"+to != aliceNumber {
				t.Errorf("alice's text went to %s", to)
			}
		})
	}
}

// Directories are asked in the order in which they stand; the option phone comes before all.
func TestOrderOfDirectories(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "phones.json")
	if err := os.WriteFile(file, []byte(`{"bob": ["+15005550021", "+15005550022"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const vars = "@phone header X-Phone *\nvars @phone phone \"+1 500 555 0020\"\n" +
		"@other header X-Other *\nvars @other other \"+1 500 555 0023\""
	s := startSite(t, setup{site: vars, directive: `
		phone {http.vars.phone}
		directory file ` + file + `
		directory placeholder {http.vars.other}
		directory inline {
			alice +15005550024
			bob +15005550025
		}`})
	for i, c := range []struct{ user, header, want string }{
		{"nobody", "X-Phone", "+15005550020"},
		{"bob", "X-Other", "+15005550021"},
		{"carol", "X-Other", "+15005550023"},
		{"alice", "X-None", "+15005550024"},
	} {
		h := asPage()
		h.Set(c.header, "1")
		s.visitor(t, c.user).do(http.MethodGet, "/", h, "")
		if to := s.provider.Wait(t, i+1).To; "+"+to != c.want {
			t.Errorf("%s: the text went to %s, want %s", c.user, to, c.want)
		}
	}
}

// A cache spares questions, and a reload drops it.
func TestCacheOfADirectory(t *testing.T) {
	t.Parallel()
	var questions int
	number := aliceNumber
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		questions++
		_, _ = fmt.Fprintf(w, `{"phone": %q}`, number)
	}))
	t.Cleanup(server.Close)
	with := setup{directive: "resend_after 0s\ndirectory http {\nurl " + server.URL + "/{user}\ncache 1h\n}"}
	s := startSite(t, with)
	s.visitor(t, "alice").login("/")
	if questions != 1 {
		t.Errorf("a login asked %d times", questions)
	}
	number = bobNumber
	with.provider, with.listen = s.provider, s.URL
	if err := s.Reload(with.caddyfile()); err != nil {
		t.Fatal(err)
	}
	s.visitor(t, "alice").open("/")
	if to := s.provider.Wait(t, 2).To; "+"+to != bobNumber {
		t.Errorf("after the reload the text went to %s", to)
	}
}

// What a login costs, in round trips to the directory: one for the page, one for the code, none for verified requests.
func TestRoundTripsOfALogin(t *testing.T) {
	t.Parallel()
	for name, start := range directoriesThatAsk {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			s := startSite(t, setup{directive: d.block + "\nresend_after 0s", env: d.env})
			s.visitor(t, "nobody").open("/") // connects
			before := d.Asked()
			v := s.visitor(t, "alice")
			v.login("/")
			cost := d.Asked() - before
			for range 10 {
				v.open("/")
			}
			t.Logf("%s: %d round trips", name, cost)
			if verified := d.Asked() - before - cost; verified != 0 {
				t.Errorf("verified requests cost %d round trips", verified)
			}
			if limit := map[string]int64{"mariadb": 6, "postgres": 4}[name]; cost > max(limit, 2) {
				t.Errorf("a login costs %d round trips", cost)
			}
		})
	}
}
