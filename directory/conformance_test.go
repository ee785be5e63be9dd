package directory_test

import (
	"crypto/tls"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/redis/go-redis/v9/logging"

	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/directory/directorytest"
	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

func TestMain(m *testing.M) {
	logging.Disable() // the faults are on purpose
	m.Run()
}

func TestInlineConforms(t *testing.T) {
	t.Parallel()
	directorytest.Run(t, func(t *testing.T, people directorytest.People) directorytest.Harness {
		users := make(map[string]string)
		for name, numbers := range people {
			users[name] = numbers[0]
		}
		d, err := directory.NewInline(users)
		if err != nil {
			t.Fatal(err)
		}
		return directorytest.Harness{Directory: d, Single: true}
	})
}

func openFile(t *testing.T, name string, content []byte) directory.Directory {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := directory.OpenFile(path, time.Now, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCSVConforms(t *testing.T) {
	t.Parallel()
	comment := func(name string) bool { return strings.HasPrefix(name, "#") }
	directorytest.Run(t, func(t *testing.T, people directorytest.People) directorytest.Harness {
		var b strings.Builder
		w := csv.NewWriter(&b)
		_ = w.Write([]string{"user", "phone"})
		for name, numbers := range people {
			if !comment(name) {
				_ = w.Write([]string{name, numbers[0]})
			}
		}
		w.Flush()
		d := openFile(t, "phones.csv", []byte(b.String()))
		return directorytest.Harness{Directory: d, Single: true, Unstorable: comment}
	})
}

func TestJSONFileConforms(t *testing.T) {
	t.Parallel()
	directorytest.Run(t, func(t *testing.T, people directorytest.People) directorytest.Harness {
		content, _ := json.Marshal(people)
		return directorytest.Harness{Directory: openFile(t, "phones.json", content)}
	})
}

func TestJSONListConforms(t *testing.T) {
	t.Parallel()
	directorytest.Run(t, func(t *testing.T, people directorytest.People) directorytest.Harness {
		list := []map[string]any{}
		for name, numbers := range people {
			list = append(list, map[string]any{"user": name, "phone": numbers, "room": 12})
		}
		content, _ := json.Marshal(list)
		return directorytest.Harness{Directory: openFile(t, "phones.JSON", content)}
	})
}

var tables atomic.Int32

// database is what a test needs of a database.
type database interface {
	Exec(t testing.TB, query string, args ...any)
	DSN(addr string) string
}

// openSQL opens a directory in a table of its own.
func openSQL(kind, addr string, db database, parameter string) directorytest.Open {
	return func(t *testing.T, people directorytest.People) directorytest.Harness {
		table := fmt.Sprintf("people%d", tables.Add(1))
		db.Exec(t, "CREATE TABLE "+table+" (id SERIAL, login VARCHAR(600), phone VARCHAR(100))")
		row, values := "(?, ?)", []any{}
		var rows []string
		for name, numbers := range people {
			for _, n := range numbers {
				if kind == "postgres" {
					row = fmt.Sprintf("($%d, $%d)", len(values)+1, len(values)+2)
				}
				rows, values = append(rows, row), append(values, name, n)
			}
		}
		if len(rows) > 0 {
			db.Exec(t, "INSERT INTO "+table+" (login, phone) VALUES "+strings.Join(rows, ", "), values...)
		}
		path := testenv.StartPath(t, addr)
		d, err := directory.NewSQL(directory.SQLOptions{
			Kind: kind, DSN: db.DSN(path.Addr),
			Query: "SELECT phone FROM " + table + " WHERE login = " + parameter + " ORDER BY id",
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return directorytest.Harness{Directory: d, Down: path.Down, Slow: path.Slow, Up: path.Up, Crawl: path.Crawl}
	}
}

func TestPostgresConforms(t *testing.T) {
	t.Parallel()
	db := testenv.StartPostgres(t)
	t.Run("$1", func(t *testing.T) { directorytest.Run(t, openSQL("postgres", db.Addr, db, "$1")) })
	t.Run("{user.given}", func(t *testing.T) { directorytest.Run(t, openSQL("postgres", db.Addr, db, "{user.given}")) })
}

func TestMariaDBConforms(t *testing.T) {
	t.Parallel()
	db := testenv.StartMariaDB(t)
	t.Run("?", func(t *testing.T) { directorytest.Run(t, openSQL("mysql", db.Addr, db, "?")) })
	t.Run("{user}", func(t *testing.T) { directorytest.Run(t, openSQL("mysql", db.Addr, db, "{user}")) })
}

func TestLDAPConforms(t *testing.T) {
	t.Parallel()
	server := testenv.StartSlapd(t)
	var units atomic.Int32
	for name, secure := range map[string]bool{"ldaps": true, "StartTLS": false} {
		t.Run(name, func(t *testing.T) {
			directorytest.Run(t, func(t *testing.T, people directorytest.People) directorytest.Harness {
				unit := server.AddUnit(t, fmt.Sprintf("unit%d", units.Add(1)))
				server.AddPeople(t, unit, people)
				target, scheme := server.Addr, "ldap://"
				if secure {
					target, scheme = server.Secure, "ldaps://"
				}
				path := testenv.StartPath(t, target)
				d, err := directory.NewLDAP(directory.LDAPOptions{
					URLs: []string{scheme + path.Addr}, StartTLS: !secure, TLS: &tls.Config{RootCAs: server.Pool},
					BindDN: "cn=gate,dc=example,dc=com", BindPassword: "swordfish",
					Base: unit, Filter: "(&(objectClass=person)(uid={user}))", Attributes: []string{"mobile", "telephoneNumber"},
				})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = d.Close() })
				return directorytest.Harness{Directory: d, Down: path.Down, Slow: path.Slow, Up: path.Up, Crawl: path.Crawl}
			})
		})
	}
}

// A user's name in the base is escaped for a distinguished name.
func TestLDAPBaseConforms(t *testing.T) {
	t.Parallel()
	server := testenv.StartSlapd(t)
	var units atomic.Int32
	directorytest.Run(t, func(t *testing.T, people directorytest.People) directorytest.Harness {
		unit := server.AddUnit(t, fmt.Sprintf("unit%d", units.Add(1)))
		for name, numbers := range people {
			if tooLong(name) {
				continue
			}
			server.AddPersonAt(t, "uid="+ldap.EscapeDN(name)+","+unit, name, numbers...)
		}
		path := testenv.StartPath(t, server.Addr)
		d, err := directory.NewLDAP(directory.LDAPOptions{
			URLs: []string{"ldap://" + path.Addr}, BindDN: "cn=gate,dc=example,dc=com", BindPassword: "swordfish",
			Base: "uid={user}," + unit, Filter: "(objectClass=person)", Attributes: []string{"mobile"},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return directorytest.Harness{
			Directory: d, Down: path.Down, Slow: path.Slow, Up: path.Up, Crawl: path.Crawl, Unstorable: tooLong,
		}
	})
}

// tooLong reports whether a name is too long for OpenLDAP to have it in the name of an entry.
func tooLong(name string) bool { return len(name) > 100 }

func TestRedisConforms(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	var cases atomic.Int32
	value := func(numbers []string) string {
		if len(numbers) == 1 {
			return numbers[0]
		}
		list, _ := json.Marshal(numbers)
		return string(list)
	}
	for name, o := range map[string]directory.RedisOptions{
		"hash":                     {Hash: "phones"},
		"hash for each user":       {Hash: "user:{user}", Field: "phone"},
		"key":                      {Key: "phone:{user}"},
		"key with something after": {Key: "{user}:phone"},
	} {
		t.Run(name, func(t *testing.T) {
			directorytest.Run(t, func(t *testing.T, people directorytest.People) directorytest.Harness {
				prefix := fmt.Sprintf("case%d:", cases.Add(1))
				for name, numbers := range people {
					in := strings.NewReplacer("{user}", name)
					switch {
					case o.Key != "":
						server.Do("SET", prefix+in.Replace(o.Key), value(numbers))
					case o.Field == "":
						server.Do("HSET", prefix+o.Hash, name, value(numbers))
					default:
						server.Do("HSET", prefix+in.Replace(o.Hash), o.Field, value(numbers))
					}
				}
				path := testenv.StartPath(t, server.Addr)
				o := o
				o.Connection = redisstore.Options{Addresses: []string{path.Addr}, KeyPrefix: prefix, Timeout: 2 * time.Second}
				d, err := directory.NewRedis(o)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = d.Close() })
				return directorytest.Harness{Directory: d, Down: path.Down, Slow: path.Slow, Up: path.Up}
			})
		})
	}
}

func TestHTTPConforms(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]directory.HTTPOptions{
		"path":  {URL: "/people/{user}", Phone: "/contact/mobile"},
		"query": {URL: "/search?active=1&login={user}&x=y", Phone: "/contact/mobile"},
		"body":  {URL: "/ask", JSON: `{"ask": {"login": "{user}"}}`, Phone: "/contact/mobile"},
	} {
		t.Run(name, func(t *testing.T) {
			directorytest.Run(t, func(t *testing.T, people directorytest.People) directorytest.Harness {
				server := httptest.NewServer(peopleAPI(people))
				t.Cleanup(server.Close)
				path := testenv.StartPath(t, server.Listener.Addr().String())
				o := o
				o.URL = "http://" + path.Addr + o.URL
				d, err := directory.NewHTTP(o)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = d.Close() })
				h := directorytest.Harness{Directory: d, Down: path.Down, Slow: path.Slow, Up: path.Up}
				if name == "path" {
					h.Refuses = func(name string) bool {
						for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' || r == '\\' }) {
							if part == "." || part == ".." {
								return true
							}
						}
						return false
					}
				}
				return h
			})
		})
	}
}

// peopleAPI is an API that knows people: /people/<login>, /search?login=<login> and POST /ask.
func peopleAPI(people directorytest.People) http.Handler {
	tell := func(w http.ResponseWriter, login string) {
		numbers, known := people[login]
		if !known {
			http.NotFound(w, nil)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"contact": map[string]any{"mobile": numbers}})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/search" && len(r.URL.Query()["login"]) == 1 && r.URL.Query().Get("x") == "y":
			tell(w, r.URL.Query().Get("login"))
		case r.URL.Path == "/ask":
			var q struct{ Ask struct{ Login string } }
			if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
				http.Error(w, "bad JSON", http.StatusBadRequest)
				return
			}
			tell(w, q.Ask.Login)
		case strings.HasPrefix(r.URL.Path, "/people/"):
			tell(w, strings.TrimPrefix(r.URL.Path, "/people/"))
		default:
			http.Error(w, "bad question", http.StatusBadRequest)
		}
	})
}
