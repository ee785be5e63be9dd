package testenv

import (
	"database/sql"
	"fmt"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
)

// Postgres is a real PostgreSQL with TLS. The user gate, whose password is swordfish, may read all tables.
type Postgres struct {
	*Server
	Certificate
	DB *sql.DB // of the superuser
}

// StartPostgres starts PostgreSQL. A machine without it fails the test.
func StartPostgres(t testing.TB) *Postgres {
	t.Helper()
	bin := func(name string) string {
		return find(t, name, "/usr/lib/postgresql/*/bin/"+name, "/usr/pgsql-*/bin/"+name)
	}
	p := &Postgres{Server: newServer(t, "postgres"), Certificate: NewCertificate(t)}
	p.ending = syscall.SIGINT
	data := p.Dir + "/data"
	p.prepare(bin("initdb"), "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync",
		"--auth-local=trust", "--auth-host=scram-sha-256")
	cert, key := p.write("cert.pem", p.Cert), p.write("key.pem", p.Key)
	var err error
	dsn := fmt.Sprintf("host=%s port=%s user=postgres database=postgres", p.Dir, p.port())
	if p.DB, err = sql.Open("pgx", dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.DB.Close() })
	p.run(p.DB.Ping, bin("postgres"), "-D", data, "-p", p.port(), "-k", p.Dir, "-c", "listen_addresses=127.0.0.1",
		"-c", "fsync=off", "-c", "ssl=on", "-c", "ssl_cert_file="+cert, "-c", "ssl_key_file="+key)
	p.Exec(t, "CREATE USER gate PASSWORD 'swordfish'")
	p.Exec(t, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO gate")
	return p
}

// Exec runs a statement as the superuser.
func (p *Postgres) Exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := p.DB.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

// DSN is how the user gate gets to the database over an address, with TLS.
func (p *Postgres) DSN(addr string) string {
	return fmt.Sprintf("postgres://gate:swordfish@%s/postgres?sslmode=verify-full&sslrootcert=%s", addr, p.CA)
}
