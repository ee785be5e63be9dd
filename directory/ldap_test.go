package directory_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// openLDAP opens a directory in a unit of a server, after a change to its options.
func openLDAP(t *testing.T, s *testenv.Slapd, unit string, change func(*directory.LDAPOptions)) *directory.LDAP {
	t.Helper()
	o := directory.LDAPOptions{
		URLs: []string{"ldaps://" + s.Secure}, TLS: &tls.Config{RootCAs: s.Pool},
		BindDN: "cn=gate,dc=example,dc=com", BindPassword: "swordfish",
		Base: unit, Filter: "(uid={user})", Attributes: []string{"mobile"},
	}
	change(&o)
	d, err := directory.NewLDAP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func ask(t *testing.T, d directory.Directory, name string, timeout time.Duration) (directory.Numbers, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return d.Lookup(ctx, person(name))
}

// What an operator can do wrong is a fault of its own class, and never "no number".
func TestLDAPFaults(t *testing.T) {
	t.Parallel()
	server := testenv.StartSlapd(t)
	unit := server.AddUnit(t, "people")
	server.AddPeople(t, unit, map[string][]string{"alice": {"+15005550006"}, "alicia": {"+15005550009"}})
	for name, c := range map[string]struct {
		change func(*directory.LDAPOptions)
		want   directory.Class
	}{
		"nothing":            {func(*directory.LDAPOptions) {}, ""},
		"attribute in case":  {func(o *directory.LDAPOptions) { o.Attributes = []string{"pager", "MOBILE"} }, ""},
		"wrong password":     {func(o *directory.LDAPOptions) { o.BindPassword = "x" }, directory.Refused},
		"wrong base":         {func(o *directory.LDAPOptions) { o.Base = "ou=none,dc=example,dc=com" }, directory.Config},
		"base elsewhere":     {func(o *directory.LDAPOptions) { o.Base = "dc=elsewhere" }, directory.Config},
		"several entries":    {func(o *directory.LDAPOptions) { o.Filter = "(|(uid={user})(uid=ali*))" }, directory.Config},
		"unknown authority":  {func(o *directory.LDAPOptions) { o.TLS = nil }, directory.Down},
		"another name":       {func(o *directory.LDAPOptions) { o.TLS.ServerName = "ldap.test" }, directory.Down},
		"StartTLS, the same": {startTLS(server, &tls.Config{RootCAs: server.Pool}), ""},
		"StartTLS, unknown":  {startTLS(server, nil), directory.Down},
		"StartTLS, another":  {startTLS(server, &tls.Config{RootCAs: server.Pool, ServerName: "ldap.test"}), directory.Down},
		"TLS to a plain port": {
			func(o *directory.LDAPOptions) { o.URLs = []string{"ldaps://" + server.Addr} }, directory.Down,
		},
		"nobody there": {
			func(o *directory.LDAPOptions) { o.URLs = []string{"ldaps://" + testenv.FreeAddr(t)} }, directory.Down,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			numbers, err := ask(t, openLDAP(t, server, unit, c.change), "alice", 5*time.Second)
			if c.want == "" && (err != nil || !slices.Equal(numbers, directory.Numbers{"+15005550006"})) ||
				c.want != "" && (err == nil || directory.ClassOf(err) != c.want) {
				t.Errorf("%q, %v of class %s, want %q", numbers, err, directory.ClassOf(err), c.want)
			}
		})
	}
}

func startTLS(s *testenv.Slapd, c *tls.Config) func(*directory.LDAPOptions) {
	return func(o *directory.LDAPOptions) { o.URLs, o.StartTLS, o.TLS = []string{"ldap://" + s.Addr}, true, c }
}

// A server that is down or hangs leaves time for the next one, and the one that answered is asked first from then on.
func TestLDAPServersInTurn(t *testing.T) {
	t.Parallel()
	server := testenv.StartSlapd(t)
	unit := server.AddUnit(t, "people")
	server.AddPeople(t, unit, map[string][]string{"alice": {"+15005550006"}})
	first, second := testenv.StartPath(t, server.Addr), testenv.StartPath(t, server.Addr)
	d := openLDAP(t, server, unit, func(o *directory.LDAPOptions) {
		o.URLs, o.StartTLS = []string{"ldap://" + first.Addr, "ldap://" + second.Addr}, true
	})
	expect := func(what string, atMost time.Duration) {
		t.Helper()
		began := time.Now()
		if n, err := ask(t, d, "alice", 2*time.Second); err != nil || len(n) != 1 {
			t.Errorf("%s: %q, %v", what, n, err)
		}
		if took := time.Since(began); took > atMost {
			t.Errorf("%s: took %s", what, took)
		}
	}
	expect("both up", time.Second)
	first.Down()
	expect("the first down", time.Second)
	first.Up()
	first.Slow()
	expect("the first slow, the second preferred", 900*time.Millisecond)
	second.Slow()
	if _, err := ask(t, d, "alice", 500*time.Millisecond); directory.ClassOf(err) != directory.Slow {
		t.Errorf("both slow: %v", err)
	}
	first.Up()
	expect("the second slow", 1900*time.Millisecond)
	expect("the first preferred", 900*time.Millisecond)
}

// A server that restarts costs no lookup after it is back.
func TestLDAPServerRestarts(t *testing.T) {
	t.Parallel()
	server := testenv.StartSlapd(t)
	unit := server.AddUnit(t, "people")
	server.AddPeople(t, unit, map[string][]string{"alice": {"+15005550006"}})
	d := openLDAP(t, server, unit, func(*directory.LDAPOptions) {})
	for i := range 3 {
		errs := make(chan error, 20)
		for range cap(errs) {
			go func() {
				n, err := ask(t, d, "alice", 5*time.Second)
				if err == nil && len(n) != 1 {
					err = fmt.Errorf("%d numbers", len(n))
				}
				errs <- err
			}()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Errorf("round %d: %v", i, err)
			}
		}
		server.Stop()
		server.Start()
	}
}

// The way of Active Directory: a name with a domain, found by the part of it that the server has.
func TestLDAPNamesWithDomains(t *testing.T) {
	t.Parallel()
	server := testenv.StartSlapd(t)
	unit := server.AddUnit(t, "people")
	server.AddPeople(t, unit, map[string][]string{"alice": {"+15005550006"}})
	d := openLDAP(t, server, unit, func(o *directory.LDAPOptions) { o.Filter = "(uid={user.login})" })
	for _, name := range []string{"alice", `corp\alice`, "alice@corp.example.com"} {
		if n, err := ask(t, d, name, 5*time.Second); err != nil || len(n) != 1 {
			t.Errorf("%s: %q, %v", name, n, err)
		}
	}
	if n, err := ask(t, d, `corp\*`, 5*time.Second); err != nil || len(n) != 0 {
		t.Errorf("a star: %q, %v", n, err)
	}
}
