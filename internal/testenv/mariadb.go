package testenv

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// MariaDB is a real MariaDB. The user gate, whose password is swordfish, may read all tables of the database people.
type MariaDB struct {
	*Server
	DB *sql.DB // of the superuser
}

// StartMariaDB starts MariaDB. A machine without it fails the test.
func StartMariaDB(t testing.TB) *MariaDB {
	t.Helper()
	m := &MariaDB{Server: newServer(t, "mariadb")}
	data, socket := m.Dir+"/data", m.Dir+"/socket"
	m.prepare(find(t, "mariadb-install-db"), "--no-defaults", "--datadir="+data, "--skip-test-db",
		"--auth-root-authentication-method=normal", "--innodb-log-file-size=4M")
	dsn := func(database string) string { return "root@unix(" + socket + ")/" + database }
	_ = mysql.SetLogger(&mysql.NopLogger{})
	ping := func() error {
		db, err := sql.Open("mysql", dsn(""))
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Ping()
	}
	m.run(ping, find(t, "mariadbd", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd"), "--no-defaults", "--datadir="+data,
		"--socket="+socket, "--bind-address=127.0.0.1", "--port="+m.port(), "--innodb-log-file-size=4M",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--pid-file="+m.Dir+"/pid",
		"--character-set-server=utf8mb4", "--max-connections=300")
	var err error
	if m.DB, err = sql.Open("mysql", dsn("")); err != nil {
		t.Fatal(err)
	}
	m.Exec(t, "CREATE DATABASE people CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
	m.Exec(t, "CREATE USER gate IDENTIFIED BY 'swordfish'")
	m.Exec(t, "GRANT SELECT ON people.* TO gate")
	_ = m.DB.Close()
	if m.DB, err = sql.Open("mysql", dsn("people")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.DB.Close() })
	return m
}

// Exec runs a statement as the superuser.
func (m *MariaDB) Exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := m.DB.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

// DSN is how the user gate gets to the database over an address.
func (m *MariaDB) DSN(addr string) string { return fmt.Sprintf("gate:swordfish@tcp(%s)/people", addr) }
