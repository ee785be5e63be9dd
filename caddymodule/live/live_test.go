package live

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// lasting is a session of a test.
type lasting struct{ over atomic.Bool }

func (s *lasting) Lasts() bool { return !s.over.Load() }

// deadlines is a writer that notes which deadlines it is given.
type deadlines struct {
	http.ResponseWriter
	read, write atomic.Int64
}

func (d *deadlines) SetReadDeadline(time.Time) error  { d.read.Add(1); return nil }
func (d *deadlines) SetWriteDeadline(time.Time) error { d.write.Add(1); return nil }

func TestRequestEndsWithItsSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all Requests
		mine, others := new(lasting), new(lasting)
		ended, going, answered := new(deadlines), new(deadlines), new(deadlines)
		first, second := all.Enter(ended, mine), all.Enter(going, others)
		all.Enter(answered, mine).Leave()
		time.Sleep(time.Hour)
		if ended.read.Load() != 0 {
			t.Fatal("a request ended before its session")
		}
		mine.over.Store(true)
		time.Sleep(Rhythm + time.Millisecond)
		if ended.read.Load() == 0 || ended.write.Load() == 0 {
			t.Error("the request goes on after its session")
		}
		if going.read.Load() != 0 {
			t.Error("the request of another session has ended")
		}
		if answered.read.Load() != 0 {
			t.Error("the writer of an answered request was touched")
		}
		first.Leave()
		second.Leave()
		all.Wait()
		time.Sleep(2 * Rhythm) // the watcher goes
	})
}

// A gate at rest has no goroutine, and the next request finds one again.
func TestWatcherComesAndGoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all Requests
		for range 3 {
			s, w := new(lasting), new(deadlines)
			r := all.Enter(w, s)
			s.over.Store(true)
			time.Sleep(Rhythm + time.Millisecond)
			if w.write.Load() == 0 {
				t.Fatal("nobody watches")
			}
			r.Leave()
			time.Sleep(Rhythm + time.Millisecond)
			if all.watched.Load() {
				t.Fatal("somebody watches nothing")
			}
		}
	})
}

func TestRequestCostsNoAllocation(t *testing.T) {
	var all Requests
	s, w := new(lasting), new(deadlines)
	if n := testing.AllocsPerRun(1000, func() { all.Enter(w, s).Leave() }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// hijackable is a writer whose connection can be taken.
type hijackable struct {
	deadlines
	conn net.Conn
}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// A connection that a handler took is closed, whether the handler has returned or not, and a context is cancelled.
func TestTakenConnections(t *testing.T) {
	t.Parallel()
	for name, returned := range map[string]bool{"handler waits": false, "handler has returned": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var all Requests
				s := new(lasting)
				near, far := net.Pipe()
				w := &hijackable{conn: near}
				r := all.Enter(w, s)
				w2, request := r.Follow(w, httptest.NewRequest(http.MethodGet, "/", nil))
				conn, _, err := http.NewResponseController(w2).Hijack()
				if err != nil {
					t.Fatal(err)
				}
				if returned {
					r.Leave()
				}
				s.over.Store(true)
				if _, err := far.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("the connection goes on: %v", err)
				}
				if request.Context().Err() != context.Canceled {
					t.Error("the context goes on")
				}
				if !returned {
					conn.Close()
					r.Leave()
				}
				all.Wait()
				time.Sleep(2 * Rhythm) // the watcher goes
			})
		})
	}
}

// What a handler closes itself is forgotten at once, in whatever order it closes and returns.
func TestClosedConnectionsAreForgotten(t *testing.T) {
	t.Parallel()
	for name, closeFirst := range map[string]bool{"closed, then returned": true, "returned, then closed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all Requests
			near, _ := net.Pipe()
			w := &hijackable{conn: near}
			r := all.Enter(w, new(lasting))
			w2, _ := r.Follow(w, httptest.NewRequest(http.MethodGet, "/", nil))
			conn, _, _ := http.NewResponseController(w2).Hijack()
			if closeFirst {
				conn.Close()
				r.Leave()
			} else {
				r.Leave()
				conn.Close()
			}
			conn.Close()
			if n := all.count.Load(); n != 0 {
				t.Errorf("%d live requests", n)
			}
		})
	}
}

func TestExpectedToLast(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method string
		header       http.Header
		want         bool
	}{
		{"a page", http.MethodGet, http.Header{"Accept": {"text/html"}}, false},
		{"no header", http.MethodGet, nil, false},
		{"WebSocket", http.MethodGet, http.Header{"Upgrade": {"websocket"}}, true},
		{"WebSocket over HTTP/2", http.MethodConnect, nil, true},
		{"event stream", http.MethodGet, http.Header{"Accept": {"text/event-stream"}}, true},
		{"second line", http.MethodPost, http.Header{"Accept": {"application/json", "text/event-stream"}}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ExpectedToLast(&http.Request{Method: tt.method, Header: tt.header}); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}
