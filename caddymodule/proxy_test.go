package caddymodule_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// behindProxy is a site on plain HTTP, with options of Caddy's servers.
func behindProxy(t *testing.T, host, servers string) *site {
	t.Helper()
	_, port, _ := strings.Cut(testenv.FreeAddr(t), ":")
	p := providers.StartDexatel(t)
	s := setup{provider: p, listen: "http://" + host + ":" + port}
	config := strings.Replace(s.caddyfile(), "\tmetrics\n", "\tmetrics\n\tservers {\n"+servers+"\n}\n", 1)
	return &site{Caddy: testenv.StartCaddy(t, config), URL: s.listen, provider: p}
}

// asked is the answer to a request of alice's that comes as it is.
func (s *site) asked(t *testing.T, host, headers string) page {
	t.Helper()
	return s.askedAfter(t, "", host, headers)
}

func (s *site) askedAfter(t *testing.T, preface, host, headers string) page {
	t.Helper()
	request := "GET /page HTTP/1.1\r\nHost: " + host + "\r\n" + basicAlice + headers + "Connection: close\r\n\r\n"
	res := rawRequest(t, s, preface+request)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{status: res.StatusCode, header: res.Header, body: string(body)}
}

// The first value of X-Forwarded-Proto counts, whatever proxies behind the first one have added, and WebSockets are
// encrypted under a name of their own.
func TestForwardedProto(t *testing.T) {
	t.Parallel()
	s := behindProxy(t, "app.example.com", "trusted_proxies static 127.0.0.1/32")
	token := s.tokenBehindProxy(t)
	for lines, want := range map[string]bool{
		"X-Forwarded-Proto: https\r\n":                            true,
		"X-Forwarded-Proto: wss\r\n":                              true,
		"X-Forwarded-Proto: https,http\r\n":                       true,
		"X-Forwarded-Proto: https, https\r\n":                     true,
		"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n": true,
		"X-Forwarded-Proto: http\r\n":                             false,
		"X-Forwarded-Proto: http, https\r\n":                      false,
		"X-Forwarded-Proto: ws\r\n":                               false,
		"":                                                        false,
	} {
		p := s.asked(t, "app.example.com", lines+"Cookie: __Host-sms2fa="+token+"\r\n")
		if p.isApp() != want || !want && p.problem() != "insecure-request" {
			t.Errorf("%q: status %d, %.200s", lines, p.status, p.body)
		}
		if p = s.asked(t, "app.example.com", lines); want != (p.problem() == "verification-required") {
			t.Errorf("%q, not verified: status %d, %.200s", lines, p.status, p.body)
		}
	}
}

// tokenBehindProxy is alice's session, whom a proxy lets in that speaks HTTPS with her.
func (s *site) tokenBehindProxy(t *testing.T) string {
	t.Helper()
	v := s.visitor(t, "alice")
	h := asJSON()
	h.Set("X-Forwarded-Proto", "https")
	ticket := v.do(http.MethodPost, "/?sms_2fa=send", h, "{}").header.Get("Set-Cookie")
	h.Set("Cookie", strings.SplitN(ticket, ";", 2)[0])
	a := v.do(http.MethodPost, "/?sms_2fa=verify", h, `{"code":"`+s.provider.Wait(t, 1).CodeInText()+`"}`)
	_, token, _ := strings.Cut(a.header.Get("Set-Cookie"), "__Host-sms2fa=")
	if a.status != http.StatusOK || token == "" {
		t.Fatalf("status %d, %.300s", a.status, a.body)
	}
	return strings.SplitN(token, ";", 2)[0]
}

// Where a proxy in front is not among trusted_proxies, every visitor is refused, and the log says why, once.
func TestProxyThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	s := behindProxy(t, "app.example.com", "")
	for range 20 {
		p := s.asked(t, "app.example.com", "X-Forwarded-Proto: https\r\nAccept: text/html\r\n")
		if p.status != http.StatusBadRequest || !strings.Contains(p.body, `data-state="insecure"`) {
			t.Fatalf("status %d, %.300s", p.status, p.body)
		}
	}
	p := s.asked(t, "app.example.com", "X-Forwarded-Proto: https\r\n")
	if p.status != http.StatusBadRequest || p.problem() != "insecure-request" || field(p.body, "detail") == "" {
		t.Errorf("status %d, %s", p.status, p.body)
	}
	var lines []string
	for line := range strings.Lines(s.Log()) {
		if strings.Contains(line, "request over plain HTTP refused") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 {
		t.Fatalf("%d lines: %s", len(lines), lines)
	}
	for _, part := range []string{
		`"peer":"127.0.0.1:`, `"x_forwarded_proto":"https"`, `trusted_proxies`, `"host":"app.example.com"`, `"level":"warn"`,
	} {
		if !strings.Contains(lines[0], part) {
			t.Errorf("%s lacks %s", lines[0], part)
		}
	}
	if n := len(s.provider.Texts()); n != 0 {
		t.Errorf("%d texts", n)
	}
}

// A loopback name alone proves nothing: who asks for it must be on this machine, too.
func TestLoopbackHostFromElsewhere(t *testing.T) {
	t.Parallel()
	s := behindProxy(t, "localhost", "listener_wrappers {\nproxy_protocol {\nallow 127.0.0.1/32\n}\n}")
	for peer, want := range map[string]string{
		"192.0.2.7": "insecure-request", "10.0.0.1": "insecure-request", "127.0.0.1": "verification-required",
		"127.8.8.8": "verification-required",
	} {
		preface := fmt.Sprintf("PROXY TCP4 %s 127.0.0.1 4711 80\r\n", peer)
		if p := s.askedAfter(t, preface, "localhost", ""); p.problem() != want {
			t.Errorf("%s: status %d, %s", peer, p.status, p.body)
		}
	}
	s.AwaitLog(t, "the peer is not on this machine")
}

// A proxy on this machine that does not pass the Host on is noted once.
func TestHostThatIsNotPassedOn(t *testing.T) {
	t.Parallel()
	s := behindProxy(t, "localhost", "")
	const note = "does not pass the Host on"
	if s.asked(t, "localhost", ""); strings.Contains(s.Log(), note) {
		t.Error("a visitor without a proxy is noted")
	}
	for range 3 {
		s.asked(t, "localhost", "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n")
	}
	s.AwaitLog(t, note)
	if n := strings.Count(s.Log(), note); n != 1 {
		t.Errorf("%d warnings", n)
	}
}

// The host decides words and length of a text, so what is no host name is refused before any text.
func TestHostThatIsNoHostName(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{listen: "http://:" + portOf(t), directive: "origin app.example.com"})
	for _, host := range []string{
		strings.Repeat("a", 6000) + ".localhost", strings.Repeat("a.", 3000) + "localhost", "your-code_is!.localhost",
		strings.Repeat("a", 64) + ".localhost", "a..localhost",
	} {
		p := s.asked(t, host, "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n")
		if p.status != http.StatusBadRequest {
			t.Errorf("%.30s: status %d, %.200s", host, p.status, p.body)
		}
	}
	if n := len(s.provider.Texts()); n != 0 {
		t.Errorf("%d texts", n)
	}
	p := s.asked(t, "a.localhost", "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n")
	if p.status != http.StatusForbidden || !strings.Contains(s.provider.Wait(t, 1).Text, "\n@app.example.com #") {
		t.Errorf("a name like any other: status %d", p.status)
	}
}
