package testenv

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// hangUpTimeout is how long the servers of a configuration that was replaced may take to hang up.
const hangUpTimeout = 10 * time.Second

// connections are those that the visitors of a test keep open to one Caddy.
//
// net/http repeats a GET that meets a kept connection which the server has just closed. It repeats no POST, because
// the server may have read it. Caddy answers a reload first and closes the connections of the old configuration
// afterwards; until then the old servers accept new connections too, and drop those that they have not read from. So
// there is one rule for all visitors: Reload returns when the old servers have hung up, and Reload, Stop and Kill drop
// the connections that visitors keep. The next request is the first one on a new connection to the new servers, and no
// request is sent twice.
type connections struct {
	mu         sync.Mutex
	transports []*http.Transport
}

// Transport returns what carries the requests of one visitor. It leads to this machine, whatever the name in the
// address, and takes any certificate.
func (c *connections) Transport() *http.Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 300, DialContext: dialLoopback,
	}
	c.transports = append(c.transports, t)
	return t
}

func dialLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

// drop closes the connections that are kept.
func (c *connections) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.transports {
		t.CloseIdleConnections()
	}
}

// probes are idle connections, one to each address that the servers of a configuration listen on. A server that is
// shut down stops listening before it hangs up on idle connections (net/http.Server.Shutdown). Who connects after the
// probes have ended reaches the next configuration.
type probes []net.Conn

// probe connects to all of Caddy's servers of plain HTTP.
func (c *Caddy) probe() (probes, error) {
	var servers map[string]struct{ Listen []string }
	if err := json.Unmarshal([]byte(c.Get("/config/apps/http/servers")), &servers); err != nil {
		return nil, fmt.Errorf("reading the servers of the configuration: %w", err)
	}
	var all probes
	for _, server := range servers {
		for _, address := range server.Listen {
			conn, err := dialIdle(address)
			if err != nil {
				all.close()
				return nil, fmt.Errorf("probing %s: %w", address, err)
			}
			all = append(all, conn)
		}
	}
	return all, nil
}

// dialIdle connects and makes one request, because a server hangs up at once only on connections that it has answered
// on.
func dialIdle(address string) (net.Conn, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	if err := head(conn, address); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func head(conn net.Conn, host string) error {
	if err := conn.SetDeadline(time.Now().Add(hangUpTimeout)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "HEAD / HTTP/1.1\r\nHost: %s\r\n\r\n", host); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodHead})
	if err != nil {
		return err
	}
	if res.Close {
		return errors.New("the server keeps no connection, as if this were no plain HTTP")
	}
	return nil
}

// await waits until all servers have hung up.
func (p probes) await() error {
	for _, conn := range p {
		if err := conn.SetDeadline(time.Now().Add(hangUpTimeout)); err != nil {
			return err
		}
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("the old server at %s does not hang up", conn.RemoteAddr())
		}
	}
	return nil
}

func (p probes) close() {
	for _, conn := range p {
		conn.Close()
	}
}
