// Package live knows the requests that gates have let through and that are not answered yet: pages for a moment,
// WebSockets and event streams for hours. When the session that opened a request ends, the request ends within
// [Rhythm], whatever is being written to it at that time.
//
// A request costs a place in a list and nothing more: no goroutine, no timer and no allocation. One goroutine, which
// exists only while there are live requests, looks at all of them in one rhythm.
package live

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Rhythm is how often the sessions of live requests are looked at.
const Rhythm = 250 * time.Millisecond

// Session is a session by which a request was let through.
type Session interface {
	// Lasts reports whether the session still holds for the requests that it has opened. It must answer from memory.
	Lasts() bool
}

// shards is how many lists the live requests are spread over, so that requests do not wait for each other.
const shards = 64

// Requests are the live requests of the gates that share a backend. The zero value is ready. All methods may be called
// from many goroutines at once.
type Requests struct {
	lists   [shards]list
	turn    atomic.Uint32
	count   atomic.Int64
	watched atomic.Bool // a goroutine looks at the sessions
	pool    sync.Pool   // of *Request
}

// list is some of the live requests. The lock is held while one of them is ended, so that nothing is done to the
// writer of a request that has been answered.
type list struct {
	mu    sync.Mutex
	first *Request
}

// Request is one live request.
type Request struct {
	of       *Requests
	list     *list
	previous *Request
	next     *Request

	session Session
	w       http.ResponseWriter
	tunnel  *tunnel // nil but for requests that are expected to last
}

// Enter notes that a request was let through by a session. The caller must call Leave when the handlers behind the
// gate have returned.
func (l *Requests) Enter(w http.ResponseWriter, s Session) *Request {
	r, _ := l.pool.Get().(*Request)
	if r == nil {
		r = &Request{of: l, list: &l.lists[l.turn.Add(1)%shards]}
	}
	r.w, r.session = w, s
	r.list.add(r)
	l.count.Add(1)
	if !l.watched.Load() && l.watched.CompareAndSwap(false, true) {
		go l.watch()
	}
	return r
}

// Leave notes that a request has been answered. A connection that a handler took from the server and left open stays
// until it is closed.
func (r *Request) Leave() {
	if r.tunnel != nil {
		r.tunnel.leave(r)
		return
	}
	r.remove()
	r.w, r.session = nil, nil
	r.of.pool.Put(r)
}

func (r *Request) remove() {
	r.list.remove(r)
	r.of.count.Add(-1)
}

func (l *list) add(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.previous, r.next = nil, l.first
	if l.first != nil {
		l.first.previous = r
	}
	l.first = r
}

func (l *list) remove(r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.previous != nil {
		r.previous.next = r.next
	} else {
		l.first = r.next
	}
	if r.next != nil {
		r.next.previous = r.previous
	}
	r.previous, r.next = nil, nil
}

// Wait returns when no request is live.
func (l *Requests) Wait() {
	for l.count.Load() > 0 {
		time.Sleep(Rhythm)
	}
}

// watch ends the requests whose session is over, as long as there are requests.
func (l *Requests) watch() {
	ticker := time.NewTicker(Rhythm)
	defer ticker.Stop()
	for {
		<-ticker.C
		for i := range l.lists {
			l.lists[i].look()
		}
		if l.count.Load() > 0 {
			continue
		}
		l.watched.Store(false)
		// A request that came in between has seen that there is a watcher, and started none.
		if l.count.Load() == 0 || !l.watched.CompareAndSwap(false, true) {
			return
		}
	}
}

// look ends the requests of the list whose session is over. Those that go on nevertheless, because a handler has given
// itself more time, are ended again at the next look.
func (l *list) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := l.first; r != nil; r = r.next {
		if !r.session.Lasts() {
			r.end()
		}
	}
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// end takes the time from a request that it would have for reading and writing. Over HTTP/1.1 that closes the
// connection and ends the request's context, over HTTP/2 it resets the stream, which does the same.
func (r *Request) end() {
	if r.tunnel != nil && r.tunnel.end() {
		return
	}
	_ = http.NewResponseController(r.w).SetReadDeadline(past)
	_ = http.NewResponseController(serverOf(r.w)).SetWriteDeadline(past)
}

// serverOf is the server's own writer, below those of Caddy and its handlers. A write deadline can be set there while
// a handler writes; Caddy's writer for idle timeouts keeps notes of deadlines that only the handler's goroutine may
// touch.
func serverOf(w http.ResponseWriter) http.ResponseWriter {
	for {
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = outer.Unwrap()
	}
}
