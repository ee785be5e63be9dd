package caddymodule_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// basicAlice is the header of alice's password.
const basicAlice = "Authorization: Basic YWxpY2U6c3dvcmRmaXNo\r\n"

// rawRequest sends bytes as they are, which no client of net/http would.
func rawRequest(t *testing.T, s *site, request string) *http.Response {
	t.Helper()
	u, _ := url.Parse(s.URL)
	conn, err := net.Dial("tcp", "127.0.0.1:"+u.Port())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprint(conn, request)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// rawPage is the answer to a request of such bytes.
func rawPage(t *testing.T, s *site, request string) page {
	t.Helper()
	res := rawRequest(t, s, request)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{status: res.StatusCode, header: res.Header, body: string(body)}
}

func TestCrossSiteAndForgedForms(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	form := url.Values{"csrf": {p.csrf()}, "code": {code}}
	with := func(key, value string) http.Header {
		h := asForm()
		h.Set(key, value)
		return h
	}
	noFetch := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://evil.example"}}
	tests := []struct {
		name, path string
		header     http.Header
		form       url.Values
		want       int
	}{
		{"cross-site", "/?sms_2fa=verify", with("Sec-Fetch-Site", "cross-site"), form, http.StatusForbidden},
		{"same site, other host", "/?sms_2fa=verify", with("Sec-Fetch-Site", "same-site"), form, http.StatusForbidden},
		{"foreign origin, old browser", "/?sms_2fa=verify", noFetch, form, http.StatusForbidden},
		{"no token", "/?sms_2fa=verify", asForm(), url.Values{"code": {code}}, http.StatusForbidden},
		{"wrong token", "/?sms_2fa=verify", asForm(), url.Values{"code": {code}, "csrf": {"x"}}, http.StatusForbidden},
		{"code and token in the query", "/?sms_2fa=verify&" + form.Encode(), asForm(), url.Values{}, http.StatusForbidden},
		{"plain text", "/?sms_2fa=verify", with("Content-Type", "text/plain"), form, http.StatusBadRequest},
		{"cross-site logout", "/?sms_2fa=logout", with("Sec-Fetch-Site", "cross-site"), nil, http.StatusForbidden},
		{"cross-site send", "/?sms_2fa=send", with("Sec-Fetch-Site", "cross-site"), form, http.StatusForbidden},
		{"unknown action", "/?sms_2fa=nonsense", asForm(), form, http.StatusBadRequest},
		{"parameter twice", "/?sms_2fa=verify&sms_2fa=verify", asForm(), form, http.StatusBadRequest},
		{"unknown zone", "/?sms_2fa=verify&sms_2fa_zone=x", asForm(), form, http.StatusBadRequest},
		{"encoded name", "/?%73ms_2fa=nonsense", asForm(), form, http.StatusBadRequest},
		{"behind a semicolon", "/?a;sms_2fa=nonsense", asForm(), form, http.StatusBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a := v.do(http.MethodPost, tt.path, tt.header, tt.form.Encode()); a.status != tt.want {
				t.Errorf("status %d, want %d", a.status, tt.want)
			}
		})
	}
	big := v.do(http.MethodPost, "/?sms_2fa=verify", asForm(), form.Encode()+"&x="+strings.Repeat("x", 1<<20))
	if big.status != http.StatusBadRequest {
		t.Errorf("1 MiB: status %d", big.status)
	}
	if a := v.submit(p, "/", code); a.status != http.StatusSeeOther {
		t.Errorf("after all that, the right code: status %d", a.status)
	}
	for _, path := range []string{"/?sms_2fa=nonsense", "/?x=1&sms_2fa=", "/?sms_2fa"} {
		if a := v.do(http.MethodGet, path, nil, ""); a.isApp() {
			t.Errorf("%s reached the app", path)
		}
	}
}

func TestEarlyDataChangesNothing(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	h := asPage()
	h.Set("Early-Data", "1")
	if p := v.do(http.MethodGet, "/", h, ""); p.status != http.StatusTooEarly || len(s.provider.Texts()) != 0 {
		t.Errorf("status %d, %d texts", p.status, len(s.provider.Texts()))
	}
}

// Early data of a verified visitor may be replayed: what changes nothing reaches the app, and nothing else does
// (RFC 8470 3).
func TestEarlyDataOfVerifiedVisitors(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	v.login("/")
	for method, want := range map[string]int{
		http.MethodGet: http.StatusOK, http.MethodHead: http.StatusOK, http.MethodOptions: http.StatusOK,
		http.MethodPost: http.StatusTooEarly, http.MethodPut: http.StatusTooEarly, http.MethodDelete: http.StatusTooEarly,
		"PROPFIND": http.StatusTooEarly,
	} {
		h := asPage()
		h.Set("Early-Data", "1")
		if p := v.do(method, "/", h, ""); p.status != want {
			t.Errorf("%s: status %d, want %d", method, p.status, want)
		}
	}
	if p := v.do(http.MethodPost, "/", asForm(), "a=b"); !p.isApp() {
		t.Errorf("afterwards: status %d", p.status)
	}
}

func TestPlainHTTPIsRefusedOffLoopback(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{listen: "http://:" + portOf(t), directive: "origin app.example.com"})
	u, _ := url.Parse(strings.Replace(s.URL, "//:", "//localhost:", 1))
	s.URL = u.String()
	res := rawRequest(t, s, "GET / HTTP/1.1\r\nHost: app.example.com\r\n"+basicAlice+
		"Accept: text/html\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n")
	res.Body.Close()
	if res.StatusCode != http.StatusBadRequest || len(s.provider.Texts()) != 0 {
		t.Errorf("status %d, %d texts", res.StatusCode, len(s.provider.Texts()))
	}
}

func portOf(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(nil)
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	return port
}

// upstream is an app that tells what it was sent, and switches to any protocol it is asked for.
func upstream(t *testing.T) string {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			w.Header().Set("Upgrade", r.Header.Get("Upgrade"))
			w.Header().Set("Connection", "Upgrade")
			w.WriteHeader(http.StatusSwitchingProtocols)
			return
		}
		fmt.Fprintf(w, "app user=%q", r.Header.Get("X-User"))
	}))
	t.Cleanup(app.Close)
	return strings.TrimPrefix(app.URL, "http://")
}

func TestUpgradesAndHopByHopHeaders(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: `
	@up path /up
	route @up {
		sms_2fa
		request_header X-User {http.sms_2fa.user}
		reverse_proxy ` + upstream(t) + `
	}`})
	v := s.visitor(t, "alice")
	ask := func(cookie, headers string) *http.Response {
		res := rawRequest(t, s, "GET /up HTTP/1.1\r\nHost: localhost\r\n"+basicAlice+
			"Cookie: sms2fa="+cookie+"\r\n"+headers+"\r\n")
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	const webSocket = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	if res := ask("", webSocket); res.StatusCode != http.StatusForbidden {
		t.Errorf("unverified WebSocket: status %d", res.StatusCode)
	}
	v.login("/")
	token := v.cookie("sms2fa")
	if res := ask(token, webSocket); res.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("verified WebSocket: status %d", res.StatusCode)
	}
	for _, other := range []string{"h2c", "anything", "websocket, h2c", "websocket\r\nUpgrade: h2c"} {
		if res := ask(token, "Connection: Upgrade\r\nUpgrade: "+other+"\r\n"); res.StatusCode != http.StatusBadRequest {
			t.Errorf("upgrade to %q: status %d", other, res.StatusCode)
		}
	}
	for _, connection := range []string{"close, X-User", "X-User", "keep-alive\r\nConnection: x-user, close"} {
		res := ask(token, "Connection: "+connection+"\r\nX-User: admin\r\n")
		body := make([]byte, 100)
		n, _ := res.Body.Read(body)
		if string(body[:n]) != `app user="alice"` {
			t.Errorf("Connection: %s: the app sees %s", connection, body[:n])
		}
	}
}
