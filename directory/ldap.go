package directory

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// LDAPOptions say which server has the entries of people, and where in them the numbers are.
type LDAPOptions struct {
	// URLs are the servers, which are asked in turn until one answers: ldaps://host[:636] or ldap://host[:389].
	// Required.
	URLs []string

	// StartTLS encrypts connections to ldap:// servers (RFC 4511, 4.14). Default: false.
	StartTLS bool

	// Plain allows ldap:// without StartTLS to other machines. Whoever is in between can read the password and change
	// the numbers. Default: false.
	Plain bool

	// TLS says which certificates are accepted. Default: those of the system's authorities, for the host of the URL.
	TLS *tls.Config

	// BindDN and BindPassword are the credentials, for a simple bind. Default: none, the bind is anonymous.
	BindDN, BindPassword string

	// Base is where people are searched, with everything below it. Variables in it are escaped by RFC 4514. Required.
	Base string

	// Filter finds the entry of one person. Variables in it are escaped by RFC 4515. It is an error if several entries
	// match. Required.
	Filter string

	// Attributes hold the numbers, those of the first attribute before those of the next; an attribute may have several
	// values. Required.
	Attributes []string

	// Resolve replaces placeholders in Base and Filter. Default: there are none.
	Resolve Resolve
}

// LDAP is a directory in an LDAP server, also Active Directory. Connections are kept and used again; a connection that
// the server has closed meanwhile is replaced within the same lookup. Referrals are not followed.
type LDAP struct {
	pool         *ldapPool
	base, filter template
	attributes   []string
}

var _ Directory = (*LDAP)(nil)

// NewLDAP returns a directory. It does not connect. Errors begin with the name of the option.
func NewLDAP(o LDAPOptions) (*LDAP, error) {
	l := &LDAP{attributes: o.Attributes}
	var err error
	if l.base, err = parseTemplate(o.Base, o.Resolve); err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	if l.filter, err = parseTemplate(o.Filter, o.Resolve); err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	if err := l.check(o); err != nil {
		return nil, err
	}
	l.pool = &ldapPool{bindDN: o.BindDN, password: o.BindPassword}
	if len(o.URLs) == 0 {
		return nil, errors.New("url: it is missing; expected one like ldaps://ldap.example.com")
	}
	for _, raw := range o.URLs {
		s, err := newLDAPServer(raw, o)
		if err != nil {
			return nil, fmt.Errorf("url: %w", err)
		}
		l.pool.servers = append(l.pool.servers, s)
	}
	return l, nil
}

func (l *LDAP) check(o LDAPOptions) error {
	someone := Person{Name: "someone", Given: "someone"}
	switch {
	case o.Base == "":
		return errors.New("base: it is missing; expected one like ou=people,dc=example,dc=com")
	case o.Filter == "":
		return errors.New("filter: it is missing; expected one like (uid={user})")
	case len(o.Attributes) == 0:
		return errors.New("attribute: it is missing; expected one or more like mobile telephoneNumber")
	case !l.filter.names() && !l.base.names():
		return errors.New("filter: it holds no {user}, so everybody would have the same number")
	case o.BindDN != "" && o.BindPassword == "":
		return errors.New("bind_password: it is missing, bind_dn needs it")
	case o.BindDN == "" && o.BindPassword != "":
		return errors.New("bind_dn: it is missing, bind_password needs it")
	}
	if _, err := ldap.ParseDN(l.base.fill(someone, ldap.EscapeDN)); err != nil {
		return errors.New("base: it is not a distinguished name like ou=people,dc=example,dc=com")
	}
	if _, err := ldap.CompileFilter(l.filter.fill(someone, ldap.EscapeFilter)); err != nil {
		return errors.New("filter: it is not a filter like (&(objectClass=person)(uid={user}))")
	}
	return nil
}

// Close closes the connections that are not in use; those in use are closed after their question.
func (l *LDAP) Close() error {
	l.pool.close()
	return nil
}

// Lookup searches the person's entry, in one round trip on a connection that is there already.
func (l *LDAP) Lookup(ctx context.Context, p Person) (Numbers, error) {
	base := l.base.fill(p, ldap.EscapeDN)
	question := ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2,
		secondsLeft(ctx), false, l.filter.fill(p, ldap.EscapeFilter), l.attributes, nil)
	found, err := l.pool.search(ctx, question)
	switch {
	case ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) && l.base.names():
		return nil, nil
	case err != nil:
		return nil, ldapFault(err)
	case len(found.Entries) == 0:
		return nil, nil
	case len(found.Entries) > 1:
		return nil, errSeveralEntries
	}
	return l.numbers(found.Entries[0]), nil
}

var errSeveralEntries = fault(Config, "the filter matches several entries for one user; make the filter narrower")

// numbers are the values of the attributes. Attribute names have no case, and may have options (RFC 4512, 2.5).
func (l *LDAP) numbers(entry *ldap.Entry) Numbers {
	var numbers Numbers
	for _, attribute := range l.attributes {
		for _, value := range entry.GetEqualFoldAttributeValues(attribute) {
			if value = strings.TrimSpace(value); value != "" {
				numbers = append(numbers, value)
			}
		}
	}
	return numbers
}

// secondsLeft is the time until ctx ends in whole seconds, rounded up; 0, no limit, without an end.
func secondsLeft(ctx context.Context) int {
	end, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(1, int(math.Ceil(time.Until(end).Seconds())))
}

// ldapServer is one server.
type ldapServer struct {
	address  string
	tls      *tls.Config // nil for a plain connection
	startTLS bool
}

func newLDAPServer(raw string, o LDAPOptions) (*ldapServer, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, errors.New("expected a scheme and a host, like ldaps://ldap.example.com")
	}
	s := &ldapServer{}
	port := "389"
	switch {
	case u.Scheme == "ldaps" && o.StartTLS:
		return nil, errors.New("starttls is for ldap://, and ldaps:// is encrypted already; write one of the two")
	case u.Scheme == "ldaps":
		port = "636"
		fallthrough
	case u.Scheme == "ldap" && o.StartTLS:
		s.tls, s.startTLS = tlsFor(o.TLS, u.Hostname()), o.StartTLS
	case u.Scheme != "ldap":
		return nil, fmt.Errorf("the scheme %q is neither ldaps nor ldap", u.Scheme)
	case !o.Plain && !isLoopback(u.Hostname()):
		return nil, errors.New("ldap:// alone is not encrypted: write ldaps://, or add starttls; " +
			"plain allows it in a network that you trust")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	s.address = net.JoinHostPort(u.Hostname(), port)
	return s, nil
}

// tlsFor is a TLS configuration for a server of a name.
func tlsFor(c *tls.Config, host string) *tls.Config {
	if c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c = c.Clone()
	if c.ServerName == "" {
		c.ServerName = host
	}
	return c
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
