package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// asked is a directory as an operator writes it, and the server that it asks.
type asked struct {
	block      string
	site       string                       // what stands before the gate
	env        []string                     // secrets
	stop, back func()                       // of the real server; nil for a directory that asks nobody
	move       func(s *site, number string) // gives alice another number
	moved      func(number string) asked    // the configuration in which alice has another number; nil if move does it
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
			block: `directory sql postgres {
				dsn {env.PEOPLE_DSN}
				query "SELECT phone FROM people WHERE login = $1 ORDER BY phone"
				timeout 1s
			}`,
			env: []string{"PEOPLE_DSN=" + db.DSN(p.Addr)}, stop: db.Stop, back: db.Start, move: moveInTable(t, db), Path: p,
		}
	},
	"mariadb": func(t *testing.T) asked {
		db := testenv.StartMariaDB(t)
		fillTable(t, db)
		p := testenv.StartPath(t, db.Addr)
		return asked{
			block: `directory sql mysql {
				dsn {env.PEOPLE_DSN}
				query "SELECT phone FROM people WHERE login = ? ORDER BY phone"
				timeout 1s
			}`,
			env: []string{"PEOPLE_DSN=" + db.DSN(p.Addr)}, stop: db.Stop, back: db.Start, move: moveInTable(t, db), Path: p,
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
			block: "directory redis {\naddress " + p.Addr + "\npassword {env.REDIS_PASSWORD}\nhash phones\ntimeout 1s\n}",
			env:   []string{"REDIS_PASSWORD=swordfish"},
			stop:  server.Stop, back: func() { server.Restart(); fill() },
			move: func(_ *site, number string) { server.Do("HSET", "phones", "alice", number) },
			Path: p,
		}
	},
	"http": func(t *testing.T) asked {
		api := new(hr)
		server := httptest.NewServer(api)
		t.Cleanup(server.Close)
		p := testenv.StartPath(t, server.Listener.Addr().String())
		return asked{
			block: `directory http {
				url http://` + p.Addr + `/people/{user}
				header X-Api-Key {env.HR_KEY}
				phone /contact/mobile
				timeout 1s
			}`,
			env: []string{"HR_KEY=open-sesame"}, stop: p.Down, back: p.Up,
			move: func(_ *site, number string) { api.alice.Store(&number) }, Path: p,
		}
	},
}

// directoriesAtHand have the same numbers, and ask nobody.
var directoriesAtHand = map[string]func(t *testing.T) asked{
	"file": func(t *testing.T) asked {
		path := filepath.Join(t.TempDir(), "phones.json")
		write := func(_ *site, alice string) {
			content := fmt.Sprintf(`{"alice": %q, "bob": [%q, %q], "carol": null}`, alice, bobNumber, bobSecond)
			if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
		}
		write(nil, aliceNumber)
		return asked{block: "directory file " + path, move: write}
	},
	"inline": func(t *testing.T) asked {
		return reloaded(func(number string) asked {
			return asked{block: "directory inline {\nalice " + number + "\nbob " + bobNumber + "\n}"}
		})
	},
	"placeholder": func(t *testing.T) asked {
		return reloaded(func(number string) asked {
			return asked{
				block: "directory placeholder {phone}",
				site:  fmt.Sprintf("map {http.auth.user.id} {phone} {\nalice %q\nbob `[%q]`\ndefault \"\"\n}", number, bobNumber),
			}
		})
	},
}

// reloaded is a directory in which a number changes by a reload of the configuration.
func reloaded(with func(number string) asked) asked {
	d := with(aliceNumber)
	d.moved = with
	return d
}

// starts starts a site with a directory.
func (d asked) starts(t *testing.T) *site {
	t.Helper()
	return startSite(t, d.setup())
}

func (d asked) setup() setup {
	return setup{site: d.site, directive: d.block + "\nresend_after 0s", env: d.env}
}

// moves gives alice another number.
func (d asked) moves(t *testing.T, s *site, number string) {
	t.Helper()
	if d.moved == nil {
		d.move(s, number)
		return
	}
	with := d.moved(number).setup()
	with.provider, with.listen = s.provider, s.URL
	if err := s.Reload(with.caddyfile()); err != nil {
		t.Fatal(err)
	}
}

// table is a database with people.
type table interface {
	Exec(t testing.TB, query string, args ...any)
}

func fillTable(t *testing.T, db table) {
	t.Helper()
	db.Exec(t, "CREATE TABLE people (login VARCHAR(600), phone VARCHAR(100))")
	db.Exec(t, "INSERT INTO people VALUES ('alice', '"+aliceNumber+"'), ('bob', '"+bobNumber+"'), ('bob', '"+
		bobSecond+"'), ('carol', NULL)")
}

func moveInTable(t *testing.T, db table) func(*site, string) {
	return func(_ *site, number string) {
		db.Exec(t, "UPDATE people SET phone = '"+number+"' WHERE login = 'alice'")
	}
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
		block: fmt.Sprintf(`directory ldap {
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
		env:  []string{"LDAP_PASSWORD=swordfish"},
		stop: server.Stop, back: server.Start,
		move: func(_ *site, number string) { server.SetMobile(t, unit, "alice", number) },
		Path: p,
	}
}

// hr is an API that knows alice and bob.
type hr struct{ alice atomic.Pointer[string] }

func (h *hr) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	numbers := map[string]any{"alice": aliceNumber, "bob": []string{bobNumber, bobSecond}, "carol": nil}
	if moved := h.alice.Load(); moved != nil {
		numbers["alice"] = *moved
	}
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
