package testenv

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// Slapd is a real OpenLDAP server with StartTLS at Addr and ldaps at Secure. cn=gate,dc=example,dc=com, whose password
// is swordfish, may read everything; anonymous users may read nothing.
type Slapd struct {
	*Server
	Certificate
	Secure string

	people atomic.Int64
}

const (
	ldapSuffix = "dc=example,dc=com"
	ldapRoot   = "cn=root," + ldapSuffix
)

const slapdConf = `
include %[1]s/core.schema
include %[1]s/cosine.schema
include %[1]s/inetorgperson.schema
%[2]s
TLSCACertificateFile %[3]s/cert.pem
TLSCertificateFile %[3]s/cert.pem
TLSCertificateKeyFile %[3]s/key.pem
pidfile %[3]s/pid
database mdb
suffix dc=example,dc=com
directory %[3]s/data
dbnosync
maxsize 33554432
rootdn cn=root,dc=example,dc=com
rootpw swordfish
index uid eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact=cn=gate,dc=example,dc=com read by * none
`

// StartSlapd starts OpenLDAP. A machine without it fails the test.
func StartSlapd(t testing.TB) *Slapd {
	t.Helper()
	s := &Slapd{Server: newServer(t, "slapd"), Certificate: NewCertificate(t), Secure: FreeAddr(t)}
	program := find(t, "slapd", "/usr/sbin/slapd", "/usr/libexec/slapd", "/usr/lib/openldap/slapd")
	schema, modules := "/etc/ldap/schema", "modulepath /usr/lib/ldap\nmoduleload back_mdb"
	if _, err := os.Stat(schema); err != nil { // not Debian
		schema, modules = "/etc/openldap/schema", ""
	}
	s.write("cert.pem", s.Cert)
	s.write("key.pem", s.Key)
	conf := s.write("slapd.conf", fmt.Appendf(nil, slapdConf, schema, modules, s.Dir))
	if err := os.Mkdir(s.Dir+"/data", 0o700); err != nil {
		t.Fatal(err)
	}
	s.own(s.Dir + "/data")
	ping := func() error { return s.do(func(*ldap.Conn) error { return nil }) }
	s.run(ping, program, "-d", "0", "-f", conf, "-h", "ldap://"+s.Addr+"/ ldaps://"+s.Secure+"/")
	s.add(t, ldapSuffix, "objectClass", "dcObject", "objectClass", "organization", "dc", "example", "o", "Example")
	s.add(t, "cn=gate,"+ldapSuffix, "objectClass", "organizationalRole", "objectClass", "simpleSecurityObject",
		"cn", "gate", "userPassword", "swordfish")
	return s
}

// do does something as the superuser.
func (s *Slapd) do(something func(*ldap.Conn) error) error {
	c, err := ldap.DialURL("ldap://" + s.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Bind(ldapRoot, "swordfish"); err != nil {
		return err
	}
	return something(c)
}

// add adds an entry, with pairs of attributes and values.
func (s *Slapd) add(t testing.TB, dn string, pairs ...string) {
	t.Helper()
	values := make(map[string][]string)
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = append(values[pairs[i]], pairs[i+1])
	}
	request := ldap.NewAddRequest(dn, nil)
	for name, all := range values {
		request.Attribute(name, all)
	}
	if err := s.do(func(c *ldap.Conn) error { return c.Add(request) }); err != nil {
		t.Fatalf("adding %s: %v", dn, err)
	}
}

// AddUnit adds an organizational unit, and returns its name.
func (s *Slapd) AddUnit(t testing.TB, name string) string {
	t.Helper()
	dn := "ou=" + name + "," + ldapSuffix
	s.add(t, dn, "objectClass", "organizationalUnit", "ou", name)
	return dn
}

// AddPeople adds people to a unit, with their mobile numbers by uid.
func (s *Slapd) AddPeople(t testing.TB, unit string, people map[string][]string) {
	t.Helper()
	for uid, mobile := range people {
		s.people.Add(1)
		s.AddPersonAt(t, fmt.Sprintf("cn=%d,%s", s.people.Load(), unit), uid, mobile...)
	}
}

// AddPersonAt adds a person with mobile numbers.
func (s *Slapd) AddPersonAt(t testing.TB, dn, uid string, mobile ...string) {
	t.Helper()
	cn, _, _ := strings.Cut(strings.TrimPrefix(dn, "cn="), ",")
	pairs := []string{"objectClass", "inetOrgPerson", "cn", cn, "sn", "x", "uid", uid}
	for _, n := range mobile {
		pairs = append(pairs, "mobile", n)
	}
	s.add(t, dn, pairs...)
}

// SetMobile replaces the mobile numbers of a person of a unit.
func (s *Slapd) SetMobile(t testing.TB, unit, uid string, mobile ...string) {
	t.Helper()
	err := s.do(func(c *ldap.Conn) error {
		found, err := c.Search(ldap.NewSearchRequest(unit, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false,
			"(uid="+ldap.EscapeFilter(uid)+")", nil, nil))
		if err != nil {
			return err
		}
		change := ldap.NewModifyRequest(found.Entries[0].DN, nil)
		change.Replace("mobile", mobile)
		return c.Modify(change)
	})
	if err != nil {
		t.Fatalf("changing %s: %v", uid, err)
	}
}
