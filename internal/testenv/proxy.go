package testenv

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Drop is a way in which something between two machines drops connections.
type Drop string

// Ways to drop connections. New connections are not affected.
const (
	DropSilently  Drop = "silently"     // what is sent is lost, and nobody is told
	DropWithReset Drop = "with a reset" // the next thing sent is answered by a reset
	DropAnswers   Drop = "of answers"   // what is sent arrives, and the answers are lost
)

// Proxy stands between a gateway and a server, and drops connections like a firewall that forgets them.
type Proxy struct {
	Addr string // host:port

	target string
	mu     sync.Mutex
	open   map[*proxied]bool
}

// proxied is one connection.
type proxied struct {
	client, server net.Conn

	mu      sync.Mutex
	dropped Drop
}

func (c *proxied) drop() Drop {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}

// StartProxy starts a proxy to the server at target.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), target: target, open: make(map[*proxied]bool)}
	t.Cleanup(func() { l.Close(); p.closeAll() })
	go p.serve(l)
	return p
}

// Drop drops all connections that are open now.
func (p *Proxy) Drop(how Drop) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.mu.Lock()
		c.dropped = how
		c.mu.Unlock()
	}
}

func (p *Proxy) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.client.Close()
		c.server.Close()
	}
}

func (p *Proxy) serve(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		c := &proxied{client: client, server: server}
		p.mu.Lock()
		p.open[c] = true
		p.mu.Unlock()
		go c.forward()
		go c.answer()
	}
}

// forward hands on what the client sends.
func (c *proxied) forward() {
	defer c.server.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := c.client.Read(buf)
		if err != nil {
			return
		}
		switch c.drop() {
		case DropSilently:
			continue
		case DropWithReset:
			_ = c.client.(*net.TCPConn).SetLinger(0)
			c.client.Close()
			return
		}
		if _, err := c.server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// answer hands on what the server answers.
func (c *proxied) answer() {
	buf := make([]byte, 64<<10)
	for {
		n, err := c.server.Read(buf)
		if err != nil {
			if err == io.EOF && c.drop() == "" {
				c.client.Close()
			}
			return
		}
		if c.drop() != "" {
			continue
		}
		if _, err := c.client.Write(buf[:n]); err != nil {
			return
		}
	}
}
