package gate

import (
	"net/http"
	"strings"
	"testing"
)

func TestForwardedScheme(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lines []string
		want  bool
	}{
		{"none", nil, false},
		{"https", []string{"https"}, true},
		{"in capitals", []string{"HTTPS"}, true},
		{"a WebSocket", []string{"wss"}, true},
		{"a WebSocket in the clear", []string{"ws"}, false},
		{"http", []string{"http"}, false},
		{"of two proxies", []string{"https, https"}, true},
		{"the second one is on the same machine", []string{"https,http"}, true},
		{"the first one heard plain HTTP", []string{"http, https"}, false},
		{"in two lines", []string{"https", "http"}, true},
		{"the first line is plain", []string{"http", "https"}, false},
		{"the first value is empty", []string{", https"}, false},
		{"the first line is empty", []string{"", "https"}, false},
		{"spaces", []string{"  https  "}, true},
		{"only begins so", []string{"https-not"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := overTLS(forwardedScheme(http.Header{"X-Forwarded-Proto": tt.lines})); got != tt.want {
				t.Errorf("encrypted: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestLoopbackPeer(t *testing.T) {
	t.Parallel()
	for peer, want := range map[string]bool{
		"127.0.0.1:1": true, "127.9.9.9:65535": true, "[::1]:1": true, "[::ffff:127.0.0.1]:1": true,
		"@": true, "": true, "/run/caddy.sock": true,
		"192.0.2.1:1": false, "[2001:db8::1]:1": false, "0.0.0.0:1": false, "localhost:1": false,
		"127.0.0.1.example:1": false, "203.0.113.9": false,
	} {
		if got := loopbackPeer(peer); got != want {
			t.Errorf("%q: %v, want %v", peer, got, want)
		}
	}
}

func TestIsHostName(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	for host, want := range map[string]bool{
		"app.example.com": true, "localhost": true, "app.example.com.": true, "xn--bcher-kva.example": true,
		"my_app.local": true, "192.0.2.1": true, "2001:db8::1": true, "::1": true,
		label + ".example.com": true, strings.Join([]string{label, label, label, label[:61]}, "."): true,
		"": false, ".": false, ".example.com": false, "a..b": false, "a..": false, "bücher.example": false,
		"a b": false, "example.com/x": false, "example.com\r\nx": false, "a@b": false, "fe80::1%eth0": false,
		label + "a.example.com": false, strings.Join([]string{label, label, label, label}, "."): false,
		strings.Repeat("a.", 3000) + "com": false, "your code is 123456": false,
	} {
		if got := isHostName(host); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

func TestHostOf(t *testing.T) {
	t.Parallel()
	for hostport, want := range map[string]string{
		"App.example.com": "app.example.com", "app.example.com:8443": "app.example.com", "[::1]:80": "::1",
		"[::1]": "::1", "::1": "::1", "127.0.0.1:1": "127.0.0.1", "": "", ":80": "", "a:b:c": "a:b:c",
	} {
		if got := hostOf(hostport); got != want {
			t.Errorf("%q: %q, want %q", hostport, got, want)
		}
	}
}
