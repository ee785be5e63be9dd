package testenv

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Path is the way between a client and a server, on which a test makes the server seem down or slow.
type Path struct {
	Addr string

	target string
	asked  atomic.Int64
	mu     sync.Mutex
	open   map[net.Conn]bool
	down   bool
	crawl  time.Duration // how long a new connection waits for its first word
	paused chan struct{} // closed unless the path holds everything back
}

// StartPath starts a path in front of an address.
func StartPath(t testing.TB, target string) *Path {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Path{Addr: l.Addr().String(), target: target, open: make(map[net.Conn]bool), paused: make(chan struct{})}
	close(p.paused)
	t.Cleanup(func() {
		_ = l.Close()
		p.Up()
		p.Down()
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

// Down breaks all connections off, and every new one at once.
func (p *Path) Down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	for c := range p.open {
		_ = c.Close()
	}
}

// Slow holds back everything that is said, until Up.
func (p *Path) Slow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = make(chan struct{})
}

// Crawl makes every new connection wait before anything is said on it. Connections that are there already are as quick
// as before.
func (p *Path) Crawl(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.crawl = wait
}

// Up ends Down, Slow and Crawl.
func (p *Path) Up() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down, p.crawl = false, 0
	select {
	case <-p.paused:
	default:
		close(p.paused)
	}
}

// Asked counts the round trips: whatever the client says before the next answer is one.
func (p *Path) Asked() int64 { return p.asked.Load() }

func (p *Path) serve(client net.Conn) {
	defer client.Close()
	wait, ok := p.note(client)
	if !ok {
		return
	}
	defer p.forget(client)
	time.Sleep(wait)
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	var asking atomic.Bool
	go func() {
		p.pass(client, server, func() {
			if asking.CompareAndSwap(false, true) {
				p.asked.Add(1)
			}
		})
		_ = server.Close()
	}()
	p.pass(server, client, func() { asking.Store(false) })
}

// pass hands on what one side says.
func (p *Path) pass(from io.Reader, to io.Writer, said func()) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		said()
		p.mu.Lock()
		paused := p.paused
		p.mu.Unlock()
		<-paused
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// note notes a connection, and returns how long it waits; it reports false while the server seems down.
func (p *Path) note(c net.Conn) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = true
	return p.crawl, !p.down
}

func (p *Path) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
}
