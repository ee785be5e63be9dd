package caddymodule_test

import (
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// A visitor who leaves before the page is written does not send the request on to an error route, behind which the app
// may stand.
func TestVisitorWhoLeavesReachesNoErrorRoute(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{
		directive: "send_wait 200ms",
		site:      "handle_errors {\nreverse_proxy " + upstream(t) + "\n}",
	})
	s.provider.Misbehave(providers.Slow)
	for _, user := range []string{"alice", "bob", "carol"} {
		leave(t, s, user)
	}
	testenv.Await(t, "all is answered", func() bool { return strings.Count(s.Log(), `"text sent"`) == 3 })
	if said := s.Log(); strings.Contains(said, "selected upstream") || strings.Contains(said, "http.log.error") {
		t.Error("a request of nobody verified reached the error route")
	}
}

// leave asks for a page and drops the connection while the page waits for the text.
func leave(t *testing.T, s *site, user string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.Replace(strings.TrimPrefix(s.URL, "http://"), "localhost", "127.0.0.1", 1))
	if err != nil {
		t.Fatal(err)
	}
	password := base64.StdEncoding.EncodeToString([]byte(user + ":swordfish"))
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\nSec-Fetch-Mode: navigate\r\n"+
		"Sec-Fetch-Dest: document\r\n\r\n", password)
	time.Sleep(50 * time.Millisecond)
	_ = conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}
