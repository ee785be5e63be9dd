package directory_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// What an operator can do wrong with a database is a fault of its own class that says what to do, and never "no
// number". Nothing that a query does is kept.
func TestSQLFaults(t *testing.T) {
	t.Parallel()
	pg, my := testenv.StartPostgres(t), testenv.StartMariaDB(t)
	for _, db := range []database{pg, my} {
		db.Exec(t, "CREATE TABLE people (login VARCHAR(100), phone VARCHAR(100), room INT)")
		db.Exec(t, "INSERT INTO people VALUES ('alice', '+15005550006', 12), ('alice', NULL, 1), ('alice', ' ', 2)")
		db.Exec(t, "CREATE TABLE secret (phone VARCHAR(100))")
	}
	pg.Exec(t, "REVOKE SELECT ON secret FROM gate")
	pg.Exec(t, "CREATE FUNCTION sneak(name text) RETURNS text SECURITY DEFINER LANGUAGE plpgsql AS "+
		"$$ BEGIN INSERT INTO people VALUES (name, 'x', 0); RETURN 'x'; END $$")
	my.Exec(t, "CREATE FUNCTION sneak(name VARCHAR(100)) RETURNS VARCHAR(100) MODIFIES SQL DATA SQL SECURITY DEFINER "+
		"BEGIN INSERT INTO people VALUES (name, 'x', 0); RETURN 'x'; END")
	my.Exec(t, "GRANT EXECUTE ON people.* TO gate")
	postgres, mariadb := pg.DSN(pg.Addr), my.DSN(my.Addr)
	anyAuthority := strings.Split(postgres, "&sslrootcert")[0]
	const all = "SELECT phone FROM people WHERE login = {user}"
	for _, c := range []struct {
		name, kind, dsn, query string
		class                  directory.Class
		says                   string
	}{
		{"good", "postgres", postgres, all, "", ""},
		{"good", "mysql", mariadb, all, "", ""},
		{"whole number", "postgres", postgres, "SELECT 15005550006 WHERE {user} <> ''", "", ""},
		{"two columns", "postgres", postgres, "SELECT phone, room FROM people WHERE login = $1", "config", "2 columns"},
		{"two columns", "mysql", mariadb, "SELECT phone, room FROM people WHERE login = ?", "config", "2 columns"},
		{"no table", "postgres", postgres, "SELECT phone FROM persons WHERE login = $1", "config", "42P01, there is no"},
		{"no table", "mysql", mariadb, "SELECT phone FROM persons WHERE login = ?", "config", "1146, there is no"},
		{"no column", "postgres", postgres, "SELECT mobile FROM people WHERE login = $1", "config", "42703"},
		{"syntax", "mysql", mariadb, "SELECT FROM WHERE {user}", "config", "1064"},
		{"no right", "postgres", postgres, "SELECT phone FROM secret WHERE phone <> $1", "refused", "GRANT SELECT"},
		{"wrong password", "postgres", strings.Replace(postgres, "swordfish", "x", 1), all, "refused", "check dsn"},
		{"wrong password", "mysql", strings.Replace(mariadb, "swordfish", "x", 1), all, "refused", "check dsn"},
		{"no database", "postgres", strings.Replace(postgres, "/postgres", "/none", 1), all, "config", "no such database"},
		{"unknown authority", "postgres", anyAuthority, all, "down", ""},
		{"nobody there", "postgres", pg.DSN(testenv.FreeAddr(t)), all, "down", ""},
		{"nobody there", "mysql", my.DSN(testenv.FreeAddr(t)), all, "down", ""},
		{"write by a function", "postgres", postgres, "SELECT sneak($1)", "config", "read-only"},
		{"write by a function", "mysql", mariadb, "SELECT sneak(?)", "config", "read-only"},
		{"SELECT INTO", "postgres", postgres, "SELECT phone INTO x FROM people WHERE login = $1", "config", "read-only"},
		{"slow", "postgres", postgres, "SELECT pg_sleep(30)::text WHERE $1 <> ''", "slow", ""},
		{"slow", "mysql", mariadb, "SELECT SLEEP(30) + LENGTH(?)", "slow", ""},
	} {
		t.Run(c.kind+": "+c.name, func(t *testing.T) {
			t.Parallel()
			d, err := directory.NewSQL(directory.SQLOptions{Kind: c.kind, DSN: c.dsn, Query: c.query})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			timeout := 10 * time.Second
			if c.class == directory.Slow {
				timeout = time.Second
			}
			numbers, err := ask(t, d, "alice", timeout)
			switch {
			case c.class == "" && (err != nil || len(numbers) != 1):
				t.Errorf("%q, %v", numbers, err)
			case c.class != "" && (err == nil || directory.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%q, %v of class %s, want %s, %q", numbers, err, directory.ClassOf(err), c.class, c.says)
			}
		})
	}
	t.Cleanup(func() {
		for _, db := range []*sql.DB{pg.DB, my.DB} {
			var rows int
			if err := db.QueryRow("SELECT COUNT(*) FROM people").Scan(&rows); err != nil || rows != 3 {
				t.Errorf("there are %d rows, want 3, %v", rows, err)
			}
		}
	})
}
