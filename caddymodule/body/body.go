// Package body reads the bodies of requests that the module answers itself, bounded in size and in time.
package body

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// Timeout bounds how long a body may take to arrive, whatever the protocol. The bodies are a few hundred bytes, and a
// client that sends them more slowly only holds a connection.
const Timeout = 5 * time.Second

// Errors of Read that a client can cause.
var (
	ErrLate = errors.New("the body did not arrive in time")
	ErrLong = errors.New("the body is too long")
)

// Read returns the body of a request. A body of more than limit bytes is ErrLong, one that has not arrived when the
// Timeout is over is ErrLate; every other error says that the client broke off.
//
// The deadline is the connection's with HTTP/1, and the stream's with HTTP/2 and HTTP/3. It is taken back only when
// the body is complete: otherwise the server would wait for the rest of the body before it answers.
func Read(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	return ReadWithin(w, r, limit, Timeout)
}

// ReadWithin is Read with a time of its own, for a body that may be larger.
func ReadWithin(w http.ResponseWriter, r *http.Request, limit int64, timeout time.Duration) ([]byte, error) {
	bound(w, r, timeout)
	c := http.NewResponseController(w)
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var long *http.MaxBytesError
	switch {
	case err == nil:
		_ = c.SetReadDeadline(time.Time{})
		return content, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, ErrLate
	case errors.As(err, &long):
		return nil, ErrLong
	}
	return nil, err
}

// Drain reads a body to its end and throws it away, at most limit bytes and for a time of its own. A browser that is
// still sending would show no answer: with HTTP/1 the server breaks the connection off when it has left much unread.
func Drain(w http.ResponseWriter, r *http.Request, limit int64, timeout time.Duration) {
	bound(w, r, timeout)
	if n, err := io.CopyN(io.Discard, r.Body, limit); err == io.EOF && n < limit {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	}
}

// Bound gives the body of a request that is answered here the Timeout to arrive, also where nobody reads the body: the
// server waits for the rest of a body before it lets an answer go. The next request of the connection has a time of
// its own.
func Bound(w http.ResponseWriter, r *http.Request) { bound(w, r, Timeout) }

func bound(w http.ResponseWriter, r *http.Request, timeout time.Duration) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	// Where a handler in front wraps the response and hides the connection, Caddy's own read_idle_timeout is left.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(timeout))
}
