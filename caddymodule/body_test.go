package caddymodule_test

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"

	"github.com/caddy-sms-2fa/gateway/caddymodule/body"
	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// slowly is a body that arrives after a while.
func slowly(t *testing.T, content string, after time.Duration) io.Reader {
	t.Helper()
	r, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	time.AfterFunc(after, func() {
		_, _ = io.WriteString(w, content)
		w.Close()
	})
	return r
}

// protocols are a visitor's ways to the site, each over its own connections.
func protocols(t *testing.T) map[string]http.RoundTripper {
	t.Helper()
	trusting := func() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }
	none := map[string]func(string, *tls.Conn) http.RoundTripper{}
	h1 := &http.Transport{TLSClientConfig: trusting(), TLSNextProto: none}
	h2 := &http.Transport{TLSClientConfig: trusting(), ForceAttemptHTTP2: true}
	h3 := &http3.Transport{TLSClientConfig: trusting()}
	t.Cleanup(func() {
		h1.CloseIdleConnections()
		h2.CloseIdleConnections()
		_ = h3.Close()
	})
	return map[string]http.RoundTripper{"HTTP/1.1": h1, "HTTP/2.0": h2, "HTTP/3.0": h3}
}

// A body that comes late takes no time from the store, and one that never comes is given up, over every protocol.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	listen := strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "https://localhost", 1)
	s := startSite(t, setup{listen: listen, site: "tls internal"})
	users := map[string]string{"HTTP/1.1": "alice", "HTTP/2.0": "bob", "HTTP/3.0": "carol"}
	for protocol, transport := range protocols(t) {
		v := s.visitor(t, users[protocol])
		v.awaitTLS()
		v.http.Transport = transport
		n := len(s.provider.Texts())
		p := v.open("/")
		code := s.provider.Wait(t, n+1).CodeInText()
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			res := v.postSlowly("/?sms_2fa=verify", slowly(t, "code=1", time.Minute))
			took := time.Since(began)
			if res.Proto != protocol || res.StatusCode != http.StatusBadRequest {
				t.Errorf("never: %s, status %d", res.Proto, res.StatusCode)
			}
			if took < body.Timeout-time.Second || took > body.Timeout+2*time.Second {
				t.Errorf("never: answered after %s", took)
			}
			form := url.Values{"csrf": {p.csrf()}, "code": {code}}.Encode()
			res = v.postSlowly("/?sms_2fa=verify", slowly(t, form, 1200*time.Millisecond))
			if res.StatusCode != http.StatusSeeOther {
				t.Errorf("late: status %d", res.StatusCode)
			}
		})
	}
}

// postSlowly sends a form whose body may be slow, and returns the answer without its body.
func (v *visitor) postSlowly(path string, form io.Reader) *http.Response {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodPost, v.base+path, form)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header = asForm()
	r.SetBasicAuth(v.user, "swordfish")
	res, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// A request that never says what it reports is given up, and many of them do not keep a report from being taken.
func TestSlowReports(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{sender: "report_secret " + reportSecret, site: "sms_2fa_reports " + reportsAt + " dexatel"})
	address := strings.TrimPrefix(s.URL, "http://localhost")
	began := time.Now()
	var open []net.Conn
	for range 50 {
		conn, err := net.Dial("tcp", "127.0.0.1"+address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{", reportsAt)
		open = append(open, conn)
	}
	s.visitor(t, "alice").login("/")
	for _, conn := range open {
		_ = conn.SetReadDeadline(began.Add(body.Timeout + 3*time.Second))
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
			t.Fatalf("after %s: %v, %.60q", time.Since(began), err, answer)
		}
	}
	s.AwaitLog(t, body.ErrLate.Error())
}

// A body that nobody reads, because the request is refused without it, holds a connection no longer either.
func TestUnreadBodies(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{sender: "report_secret " + reportSecret, site: "sms_2fa_reports " + reportsAt + " dexatel"})
	v := s.visitor(t, "alice")
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("alice:swordfish"))
	began := time.Now()
	var open []net.Conn
	for _, request := range []string{
		"POST /?sms_2fa=verify HTTP/1.1\r\nContent-Type: text/plain",
		"POST /?sms_2fa=verify HTTP/1.1\r\nSec-Fetch-Site: cross-site",
		"POST /?sms_2fa=logout HTTP/1.1",
		"GET /?sms_2fa=status HTTP/1.1",
		"POST /form HTTP/1.1",
		"PUT " + reportsAt + " HTTP/1.1",
	} {
		conn, err := net.Dial("tcp", "127.0.0.1"+strings.TrimPrefix(s.URL, "http://localhost"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "%s\r\nHost: localhost\r\n%s\r\nContent-Length: 100\r\n\r\n{", request, basic)
		open = append(open, conn)
	}
	for i, conn := range open {
		_ = conn.SetReadDeadline(began.Add(body.Timeout + 3*time.Second))
		if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 ") {
			t.Errorf("request %d, after %s: %v, %.60q", i, time.Since(began), err, answer)
		}
	}
	v.login("/")
}
