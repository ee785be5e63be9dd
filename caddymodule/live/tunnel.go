package live

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// tunnel is what a request has that is expected to last: a context that ends with the session, and the connection that
// a handler takes from the server for a WebSocket.
type tunnel struct {
	cancel context.CancelFunc

	mu       sync.Mutex
	conn     *taken // nil before a handler takes the connection, and after it is closed
	answered bool   // the handlers have returned
}

// ExpectedToLast reports whether a request asks for a WebSocket or an event stream.
func ExpectedToLast(r *http.Request) bool {
	if r.Method == http.MethodConnect || len(r.Header["Upgrade"]) > 0 {
		return true
	}
	for _, accept := range r.Header["Accept"] {
		if strings.Contains(accept, "text/event-stream") {
			return true
		}
	}
	return false
}

// Follow returns what the handlers behind the gate are to work with, so that every one of them notices the end of the
// session: also those that read no more, write no more, or set deadlines of their own.
func (r *Request) Follow(w http.ResponseWriter, request *http.Request) (http.ResponseWriter, *http.Request) {
	ctx, cancel := context.WithCancel(request.Context())
	t := &tunnel{cancel: cancel}
	r.list.mu.Lock()
	r.tunnel = t
	r.list.mu.Unlock()
	return &writer{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, request: r},
		request.WithContext(ctx)
}

// end is called with the list of the request locked, and reports whether there is nothing else left to end. Closing a
// TLS connection may wait for the other side, so nobody waits for that.
func (t *tunnel) end() bool {
	t.cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn != nil {
		go t.conn.Close()
	}
	return t.answered
}

// leave is called when the handlers have returned.
func (t *tunnel) leave(r *Request) {
	t.mu.Lock()
	t.answered = true
	open := t.conn != nil
	t.mu.Unlock()
	if !open {
		t.cancel()
		r.remove()
	}
}

// closed is called when the connection is closed that a handler took.
func (t *tunnel) closed(r *Request) {
	t.mu.Lock()
	open := t.conn != nil
	t.conn = nil
	answered := t.answered
	t.mu.Unlock()
	if open && answered {
		t.cancel()
		r.remove()
	}
}

// writer is the writer of a request that is expected to last.
type writer struct {
	*caddyhttp.ResponseWriterWrapper
	request *Request
}

// Hijack hands the connection over, and keeps an eye on it.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	t := w.request.tunnel
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conn = &taken{Conn: conn, request: w.request}
	return t.conn, buffers, nil
}

// FlushError sends what has been written. Some handlers look for it in the writer itself.
func (w *writer) FlushError() error { return http.NewResponseController(w.ResponseWriter).Flush() }

// Flush is FlushError for handlers that do not look at the error.
func (w *writer) Flush() { _ = w.FlushError() }

// taken is a connection that a handler took from the server.
type taken struct {
	net.Conn
	request *Request
}

func (c *taken) Close() error {
	c.request.tunnel.closed(c.request)
	return c.Conn.Close()
}

// errWhole says that a connection cannot be closed for writing alone.
var errWhole = errors.New("closing for writing: the connection has no halves")

// CloseWrite closes the connection for writing alone, as a proxy does when the app has said all.
func (c *taken) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errWhole
}

var (
	_ http.Hijacker = (*writer)(nil)
	_ http.Flusher  = (*writer)(nil)
)
