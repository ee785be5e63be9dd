package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxIdle is how long a connection waits in the pool before it is closed. Firewalls, balancers and NAT gateways forget
// connections after a minute or more without a word, and tell neither side.
const maxIdle = 30 * time.Second

// errSuspect says that a connection in the pool is not to be used any more. The client library then takes another one,
// or makes one; nothing has been sent.
var errSuspect = errors.New("the connection may have been dropped on the way")

// network makes the connections of a store, and knows since when they are suspect: when one of them turns out to have
// been dropped on the way, the others in the pool, over which nothing has come since, have most likely been, too.
type network struct {
	suspect atomic.Int64 // connections over which nothing has come since then are suspect, nanoseconds since 1970
}

// doubt makes suspect all connections over which nothing has come since a question was asked, in vain, at asked.
func (n *network) doubt(asked time.Time) {
	for at := asked.UnixNano(); ; {
		old := n.suspect.Load()
		if at <= old || n.suspect.CompareAndSwap(old, at) {
			return
		}
	}
}

// dialer connects as the client library does by itself, and watches the connections.
func (n *network) dialer(o Options) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		how := &redis.Options{DialTimeout: o.Timeout}
		if o.TLS != nil {
			config, err := o.TLS()
			if err != nil {
				return nil, err
			}
			how.TLSConfig, how.DialTimeout = config, o.Timeout*4/5 // so that a handshake that hangs is told of
		}
		c, err := redis.NewDialer(how)(ctx, network, addr)
		if err != nil && how.TLSConfig != nil && !refusedDial(err) {
			err = fmt.Errorf("speaking TLS to the server, which may have none at this port: %w", err)
		}
		if err != nil {
			return nil, err
		}
		w := &watched{Conn: c, network: n}
		w.heard.Store(time.Now().UnixNano())
		return w, nil
	}
}

// refusedDial reports whether nobody listens at an address.
func refusedDial(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// watched is a connection that knows when something came over it last.
type watched struct {
	net.Conn
	network *network
	heard   atomic.Int64 // nanoseconds since 1970
}

func (c *watched) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(time.Now().UnixNano())
	}
	return n, err
}

// SyscallConn is what the pool of the client library asks for before it hands a connection out, to find out whether
// the other side has closed it. An error makes the pool close the connection and look for another one.
func (c *watched) SyscallConn() (syscall.RawConn, error) {
	if c.heard.Load() < c.network.suspect.Load() {
		return nil, errSuspect
	}
	if plain, ok := c.Conn.(syscall.Conn); ok {
		return plain.SyscallConn()
	}
	return unreadable{}, nil
}

// unreadable stands for the socket below TLS, at which the pool must not look: what it sees there are records of TLS.
type unreadable struct{}

func (unreadable) Control(func(uintptr)) error    { return nil }
func (unreadable) Read(func(uintptr) bool) error  { return nil }
func (unreadable) Write(func(uintptr) bool) error { return nil }

// reply is what came of asking a question.
type reply[T any] struct {
	value T
	err   error
}

// twice asks a question that changes nothing, and asks again, over another connection, when the connection broke, or
// when no answer has come after patience. The first answer counts. Both tries end with ctx. What changes something is
// never asked again, because Redis may have done it.
func twice[T any](
	ctx context.Context, n *network, patience time.Duration, ask func(ctx context.Context, again bool) (T, error),
) (T, error) {
	replies := make(chan reply[T], 2)
	try := func(again bool) {
		value, err := ask(ctx, again)
		replies <- reply[T]{value, err}
	}
	asked := time.Now()
	go try(false)
	late := time.NewTimer(patience)
	defer late.Stop()
	pending := 2
	select {
	case r := <-replies:
		if !broke(r.err) || ctx.Err() != nil {
			return r.value, r.err
		}
		pending--
	case <-late.C:
	case <-ctx.Done():
		return *new(T), ctx.Err()
	}
	n.doubt(asked)
	go try(true)
	return first(ctx, replies, pending)
}

// first is the first good reply of those that are pending, or the last bad one.
func first[T any](ctx context.Context, replies <-chan reply[T], pending int) (value T, err error) {
	for range pending {
		select {
		case r := <-replies:
			if value, err = r.value, r.err; err == nil {
				return value, nil
			}
		case <-ctx.Done():
			return *new(T), cmp.Or(err, ctx.Err())
		}
	}
	return value, err
}

// broke reports whether a connection that had been made broke before the answer came.
func broke(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return false
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE)
}
