package caddymodule_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// liveApp is an app that never stops talking: over a WebSocket at /live/ws, else in a response without an end. It
// counts its listeners.
type liveApp struct {
	addr      string
	listeners atomic.Int64
}

const beat = 20 * time.Millisecond

func startLiveApp(t *testing.T) *liveApp {
	app := new(liveApp)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		app.listeners.Add(1)
		defer app.listeners.Add(-1)
		if r.Header.Get("Upgrade") != "" {
			app.talk(w)
			return
		}
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		for r.Context().Err() == nil {
			fmt.Fprint(w, "data: tick\n\n")
			if http.NewResponseController(w).Flush() != nil {
				return
			}
			time.Sleep(beat)
		}
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	app.addr = strings.TrimPrefix(server.URL, "http://")
	return app
}

// talk sends text frames (RFC 6455 5.2) until nobody takes them.
func (a *liveApp) talk(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	for {
		if _, err := conn.Write([]byte("\x81\x04tick")); err != nil {
			return
		}
		time.Sleep(beat)
	}
}

// ear is the visitor's end of a live connection.
type ear struct {
	name  string
	heard atomic.Int64
	ended chan struct{} // closed when the connection has ended
}

// listen reads until the end.
func listen(name string, body io.Reader) *ear {
	e := &ear{name: name, ended: make(chan struct{})}
	go func() {
		defer close(e.ended)
		buffer := make([]byte, 512)
		for {
			n, err := body.Read(buffer)
			if err != nil {
				return
			}
			e.heard.Add(int64(n))
		}
	}()
	return e
}

func (e *ear) over() bool {
	select {
	case <-e.ended:
		return true
	default:
		return false
	}
}

// cookieLine is the visitor's cookies as a header.
func (v *visitor) cookieLine() string {
	u, _ := url.Parse(v.base)
	var pairs []string
	for _, c := range v.http.Jar.Cookies(u) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// dial opens a TLS connection to the visitor's site.
func (v *visitor) dial(protocol string) net.Conn {
	v.t.Helper()
	u, _ := url.Parse(v.base)
	conn, err := tls.Dial("tcp", "127.0.0.1:"+u.Port(), &tls.Config{
		InsecureSkipVerify: true, ServerName: "localhost", NextProtos: []string{protocol},
	})
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { conn.Close() })
	return conn
}

// webSocket opens a WebSocket over HTTP/1.1.
func (v *visitor) webSocket() *ear {
	v.t.Helper()
	conn := v.dial("http/1.1")
	r, _ := http.NewRequest(http.MethodGet, v.base+"/live/ws", nil)
	r.SetBasicAuth(v.user, "swordfish")
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Cookie", v.cookieLine())
	_ = r.Write(conn)
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, r)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		v.t.Fatalf("WebSocket: %v, %v", res, err)
	}
	return listen("WebSocket of "+v.user, reader)
}

// stream opens a response without an end, over HTTP/1.1 or HTTP/2.
func (v *visitor) stream(http2 bool, contentType, accept string) *ear {
	v.t.Helper()
	transport := v.site.Transport()
	transport.ForceAttemptHTTP2 = http2
	v.t.Cleanup(transport.CloseIdleConnections)
	r, _ := http.NewRequest(http.MethodGet, v.base+"/live/stream?type="+contentType, nil)
	r.SetBasicAuth(v.user, "swordfish")
	r.Header.Set("Cookie", v.cookieLine())
	r.Header.Set("Accept", accept)
	res, err := transport.RoundTrip(r)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.ProtoMajor == 2 != http2 {
		v.t.Fatalf("%s: status %d", res.Proto, res.StatusCode)
	}
	return listen(fmt.Sprintf("%s over %s of %s", contentType, res.Proto, v.user), res.Body)
}

// webSocket2 opens a WebSocket over HTTP/2 by an extended CONNECT (RFC 8441).
func (v *visitor) webSocket2() *ear {
	v.t.Helper()
	conn := v.dial("h2")
	u, _ := url.Parse(v.base)
	auth, _ := http.NewRequest(http.MethodGet, "/", nil)
	auth.SetBasicAuth(v.user, "swordfish")
	var block bytes.Buffer
	for _, field := range [][2]string{
		{":method", "CONNECT"},
		{":protocol", "websocket"},
		{":scheme", "https"},
		{":authority", u.Host},
		{":path", "/live/ws"},
		{"authorization", auth.Header.Get("Authorization")},
		{"cookie", v.cookieLine()},
	} {
		block.WriteByte(0) // a literal that is not indexed (RFC 7541 6.2.2)
		for _, s := range field {
			block.Write(hpackLength(len(s)))
			block.WriteString(s)
		}
	}
	fmt.Fprint(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	writeFrame(conn, frameSettings, 0, 0, nil)
	writeFrame(conn, frameHeaders, flagEndHeaders, 1, block.Bytes())
	return listen("WebSocket over HTTP/2 of "+v.user, &frames{conn: conn})
}

// hpackLength is the length of a string without Huffman coding (RFC 7541 5.1).
func hpackLength(n int) []byte {
	if n < 127 {
		return []byte{byte(n)}
	}
	out := []byte{127}
	for n -= 127; n >= 128; n /= 128 {
		out = append(out, byte(n%128)|128)
	}
	return append(out, byte(n))
}

// The frames of HTTP/2 that the tests speak (RFC 9113 6).
const (
	frameData, frameHeaders, frameReset, frameSettings = 0, 1, 3, 4
	flagEndStream, flagEndHeaders                      = 1, 4
)

func writeFrame(w io.Writer, kind, flags byte, stream uint32, payload []byte) {
	header := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	_, _ = w.Write(append(binary.BigEndian.AppendUint32(header, stream), payload...))
}

// frames reads the data of stream 1.
type frames struct{ conn io.Reader }

func (f *frames) Read(p []byte) (int, error) {
	for {
		header := make([]byte, 9)
		if _, err := io.ReadFull(f.conn, header); err != nil {
			return 0, err
		}
		payload := make([]byte, int(header[0])<<16|int(header[1])<<8|int(header[2]))
		if _, err := io.ReadFull(f.conn, payload); err != nil {
			return 0, err
		}
		kind, flags, stream := header[3], header[4], binary.BigEndian.Uint32(header[5:])
		switch {
		case stream == 1 && (kind == frameReset || flags&flagEndStream > 0 && kind <= frameHeaders):
			return 0, io.EOF
		case stream == 1 && kind == frameData:
			return copy(p, payload), nil
		}
	}
}

// everything opens every kind of live connection.
func (v *visitor) everything() []*ear {
	v.t.Helper()
	const events = "text/event-stream"
	return []*ear{
		v.webSocket(), v.webSocket2(),
		v.stream(false, events, events), v.stream(true, events, events),
		v.stream(false, "text/plain", "*/*"), v.stream(true, "text/plain", "*/*"), // nothing says that they will last
	}
}

// liveSite is a gateway before the app, on the Redis that it shares with others.
func liveSite(t *testing.T, s setup, redis string, app *liveApp) *site {
	s.listen = strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "https://localhost", 1)
	s.global = onRedis(redis)
	s.site = "tls internal\nhandle /live/* {\nreverse_proxy " + app.addr + "\n}"
	s.env = []string{"GODEBUG=http2xconnect=1"}
	return startSite(t, s)
}

// A session ends everywhere at once: also what it has opened ends within a second, on every gateway, however it ends.
func TestLiveConnectionsEndWithTheSession(t *testing.T) {
	t.Parallel()
	const session = 6 * time.Second
	tests := []struct {
		name string
		end  func(v *visitor, opened time.Time)
	}{
		{"logout", func(v *visitor, _ time.Time) {
			if p := v.do(http.MethodPost, "/?sms_2fa=logout", nil, ""); p.status != http.StatusNoContent {
				v.t.Errorf("logout: status %d", p.status)
			}
		}},
		{"revoke", func(v *visitor, _ time.Time) { v.site.revoke(v.t, v.user) }},
		{"end of session", func(_ *visitor, opened time.Time) { time.Sleep(time.Until(opened.Add(session))) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app, redis := startLiveApp(t), testenv.StartRedis(t)
			s := setup{}
			if tt.name == "end of session" {
				s.directive = "session " + session.String()
			}
			a := liveSite(t, s, redis.Addr, app)
			s.provider = a.provider
			b := liveSite(t, s, redis.Addr, app)
			alice := a.visitor(t, "alice")
			alice.awaitTLS()
			elsewhere := visitorAt(t, b, b.URL, "alice")
			elsewhere.http.Jar = alice.http.Jar
			elsewhere.awaitTLS()
			alice.login("/")
			opened := time.Now()
			ears := append(alice.everything(), elsewhere.everything()...)
			bob := a.visitor(t, "bob")
			var others []*ear
			if tt.name != "end of session" {
				bob.login("/")
				others = bob.everything()
			}
			testenv.Await(t, "everybody hears something", func() bool {
				for _, e := range append(ears, others...) {
					if e.heard.Load() < 20 {
						return false
					}
				}
				return true
			})
			tt.end(alice, opened)
			awaitEnds(t, ears...)
			testenv.Await(t, "the app hears of it", func() bool { return int(app.listeners.Load()) == len(others) })
			for _, e := range others {
				if e.over() {
					t.Errorf("%s has ended with somebody else's session", e.name)
				}
			}
		})
	}
}

// awaitEnds waits until connections have ended, and logs how long that took: a second at the most, on a machine that
// is not busy with something else. When they are looked at is tested in package live.
func awaitEnds(t *testing.T, ears ...*ear) {
	t.Helper()
	began := time.Now()
	for _, e := range ears {
		testenv.Await(t, e.name+" ends", e.over)
	}
	t.Logf("%d connections have ended within %s", len(ears), time.Since(began))
}

// revoke ends the sessions of a user by the admin API.
func (s *site) revoke(t *testing.T, user string) {
	t.Helper()
	body := strings.NewReader(`{"user":"` + user + `"}`)
	res, err := http.Post("http://"+s.Admin+"/sms_2fa/revoke", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		t.Fatalf("revoke: status %d", res.StatusCode)
	}
}

// An event stream that a replaced configuration has let through goes on after the reload, and still ends with its
// session, also where the secret changed and with it all that follows the store.
func TestLiveConnectionsOfAReplacedConfiguration(t *testing.T) {
	t.Parallel()
	app := startLiveApp(t)
	config := setup{global: "secret " + secret, site: "handle /live/* {\nreverse_proxy " + app.addr + "\n}"}
	s := startSite(t, config)
	v := s.visitor(t, "alice")
	v.login("/")
	e := v.stream(false, "text/event-stream", "text/event-stream")
	config.provider, config.listen = s.provider, s.URL
	config.global = "secret " + another + " " + secret
	if err := s.Reload(config.caddyfile()); err != nil {
		t.Fatal(err)
	}
	heard := e.heard.Load()
	testenv.Await(t, "the stream goes on", func() bool { return e.heard.Load() > heard+100 })
	if !v.open("/").isApp() {
		t.Error("the session did not outlive the reload")
	}
	s.revoke(t, "alice")
	awaitEnds(t, e)
}

// Where the store is silent for longer than stale_ok, nobody knows which sessions are revoked: what they have opened
// ends, and no other request of theirs passes.
func TestLiveConnectionsInAnOutage(t *testing.T) {
	t.Parallel()
	app, redis := startLiveApp(t), testenv.StartRedis(t)
	s := liveSite(t, setup{directive: "stale_ok 3s"}, redis.Addr, app)
	v := s.visitor(t, "alice")
	v.awaitTLS()
	v.login("/")
	e := v.webSocket()
	redis.Pause()
	began := time.Now()
	awaitEnds(t, e)
	if lasted := time.Since(began); lasted < 1500*time.Millisecond {
		t.Errorf("the WebSocket ended after %s, before stale_ok", lasted)
	}
	redis.Resume()
}

// A user whose number is no longer on file has no session, nor what the session has opened; another spelling of the
// same number changes nothing.
func TestLiveConnectionsEndWithTheNumber(t *testing.T) {
	t.Parallel()
	app := startLiveApp(t)
	book := newPhoneBook(t, "bob,+15005550009", "alice,+15005550006")
	s := startSite(t, setup{
		directive: "directory file " + book.path, site: "handle /live/* {\nreverse_proxy " + app.addr + "\n}",
	})
	v := s.visitor(t, "alice")
	v.login("/")
	const events = "text/event-stream"
	e := v.stream(false, events, events)
	book.write("bob,+15005550009", "alice,+1 500 555 0006")
	select {
	case <-e.ended:
		t.Fatal("the stream has ended with another spelling of its number")
	case <-time.After(1500 * time.Millisecond): // the file is read again within a second
	}
	book.write("bob,+15005550009")
	awaitEnds(t, e)
}
