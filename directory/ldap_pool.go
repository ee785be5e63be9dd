package directory

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Rules for the connections to LDAP servers.
const (
	maxIdleLDAP = 8                // connections that are kept while nobody uses them
	idleLDAP    = 5 * time.Minute  // how long such a connection is kept
	connectLDAP = 10 * time.Second // how long it may take to connect while nobody waits for it
)

// ldapPool is the connections to several servers that hold the same. The server that answered last is asked first.
type ldapPool struct {
	servers          []*ldapServer
	bindDN, password string

	connecting atomic.Bool // in the background

	mu     sync.Mutex
	first  int         // the server to ask first
	idle   []*ldapConn // the one used last is at the end
	closed bool
}

// ldapConn is a connection after its bind.
type ldapConn struct {
	*ldap.Conn
	raw    net.Conn
	server int
	since  time.Time // when it was used last
}

// search asks the servers in turn, until one answers. Each server gets an equal share of the time that is left, so
// that a server which hangs leaves time for the next one.
func (p *ldapPool) search(ctx context.Context, q *ldap.SearchRequest) (*ldap.SearchResult, error) {
	first := p.preferred()
	var failed error
	for i := range p.servers {
		share, cancel := shareOf(ctx, len(p.servers)-i)
		server := (first + i) % len(p.servers)
		result, err := p.searchAt(share, server, q)
		cancel()
		if err == nil || !triesNext(err) {
			p.prefer(server)
			return result, err
		}
		failed = err
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// shareOf is a context with an equal share of the time that is left, for one of so many tries.
func shareOf(ctx context.Context, tries int) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(end)/time.Duration(tries))
}

// searchAt asks one server, on an idle connection if there is one. A search changes nothing, so it is asked again on a
// new connection if the server had closed the old one.
func (p *ldapPool) searchAt(ctx context.Context, server int, q *ldap.SearchRequest) (*ldap.SearchResult, error) {
	for c := p.take(server); c != nil; c = p.take(server) {
		result, err := p.ask(ctx, c, q)
		if answered(err) || ctx.Err() != nil {
			return result, err
		}
	}
	c, err := p.connect(ctx, server)
	if ctx.Err() != nil {
		go p.prepare(server)
	}
	if err != nil {
		return nil, err
	}
	return p.ask(ctx, c, q)
}

// prepare sees that there is a connection for the next question, when one came to nothing because time ran out. A
// connection that is still being made ends with its question, so where it takes longer to connect and to bind than a
// question may take, no question would ever be answered.
func (p *ldapPool) prepare(server int) {
	if !p.connecting.CompareAndSwap(false, true) {
		return
	}
	defer p.connecting.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), connectLDAP)
	defer cancel()
	if c, err := p.connect(ctx, server); err == nil { // the next question says what is wrong
		p.keep(c)
	}
}

// ask asks on a connection, and then keeps the connection if it still works.
func (p *ldapPool) ask(ctx context.Context, c *ldapConn, q *ldap.SearchRequest) (*ldap.SearchResult, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	result, err := c.Search(q)
	if !stop() && ctx.Err() != nil {
		_ = c.Close()
		return nil, ctx.Err()
	}
	if answered(err) {
		p.keep(c)
	} else {
		_ = c.Close()
	}
	return result, err
}

// answered reports whether the server answered, be it with an error, so that the connection works.
func answered(err error) bool {
	var answer *ldap.Error
	return err == nil || errors.As(err, &answer) && answer.ResultCode < ldap.ErrorNetwork
}

// connect opens a connection and binds.
func (p *ldapPool) connect(ctx context.Context, server int) (*ldapConn, error) {
	s := p.servers[server]
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	conn, err := s.greet(ctx, raw)
	if err == nil && p.bindDN != "" {
		err = conn.Bind(p.bindDN, p.password)
	}
	if ended := !stop(); err != nil || ended {
		if conn != nil {
			_ = conn.Close()
		}
		_ = raw.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return &ldapConn{Conn: conn, raw: raw, server: server}, nil
}

// greet begins to speak LDAP on a connection, encrypted if the server's options say so.
func (s *ldapServer) greet(ctx context.Context, raw net.Conn) (*ldap.Conn, error) {
	if s.tls == nil || s.startTLS {
		conn := ldap.NewConn(raw, false)
		conn.Start()
		if !s.startTLS {
			return conn, nil
		}
		if err := conn.StartTLS(s.tls); err != nil {
			_ = conn.Close()
			return nil, startTLSFault(err)
		}
		return conn, nil
	}
	encrypted := tls.Client(raw, s.tls)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	conn := ldap.NewConn(encrypted, true)
	conn.Start()
	return conn, nil
}

// startTLSFault tells a server without StartTLS from one whose certificate is not accepted; the library passes the
// error of the handshake on as a text.
func startTLSFault(err error) error {
	if strings.Contains(err.Error(), "certificate") {
		return fault(Down, "the server's certificate is not valid for this name, or of an authority that is not known")
	}
	if answered(err) {
		return fault(Config, "the server does not speak StartTLS")
	}
	return err
}

// preferred is the server to ask first.
func (p *ldapPool) preferred() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first
}

// prefer notes which server answered.
func (p *ldapPool) prefer(server int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first = server
}

// take takes an idle connection to a server; nil if there is none. Connections that idled for too long are closed.
func (p *ldapPool) take(server int) *ldapConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		c := p.idle[i]
		old := time.Since(c.since) > idleLDAP || c.IsClosing()
		if !old && c.server != server {
			continue
		}
		p.idle = append(p.idle[:i], p.idle[i+1:]...)
		if !old {
			return c
		}
		go c.Close()
	}
	return nil
}

// keep makes a connection idle, or closes it if there are enough.
func (p *ldapPool) keep(c *ldapConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= maxIdleLDAP {
		go c.Close()
		return
	}
	c.since = time.Now()
	p.idle = append(p.idle, c)
}

func (p *ldapPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		go c.Close()
	}
	p.idle = nil
}

// triesNext reports whether another server may answer what this one did not.
func triesNext(err error) bool {
	switch class := ldapFault(err).Class; class {
	case Slow, Down:
		return true
	default:
		return false
	}
}

// ldapFault is the *Error for an error of the library. What the server says beside its result code is left out,
// because it can hold names.
func ldapFault(err error) *Error {
	var known *Error
	var answer *ldap.Error
	switch {
	case errors.As(err, &known):
		return known
	case !errors.As(err, &answer):
		return unreachable(err)
	case answer.ResultCode == ldap.ErrorNetwork:
		return unreachable(answer.Err)
	}
	text := fmt.Sprintf("the server says %d, %s", answer.ResultCode, ldap.LDAPResultCodeMap[answer.ResultCode])
	switch answer.ResultCode {
	case ldap.LDAPResultInvalidCredentials:
		return fault(Refused, text+"; check bind_dn and bind_password")
	case ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultInappropriateAuthentication,
		ldap.LDAPResultStrongAuthRequired, ldap.LDAPResultConfidentialityRequired,
		ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultOperationsError:
		return fault(Refused, text+"; the server wants a bind, encryption or more rights")
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		return fault(Down, text)
	case ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultAdminLimitExceeded:
		return fault(Slow, text)
	case ldap.LDAPResultSizeLimitExceeded:
		return errSeveralEntries
	case ldap.LDAPResultNoSuchObject:
		return fault(Config, text+"; check base, and whether bind_dn may read it")
	case ldap.LDAPResultReferral:
		return fault(Config, text+"; base is on another server, whose url is needed")
	}
	return fault(Config, text)
}
