package gate

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestStripLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, line, want string }{
		{"of the app", "a=1; b=2", "a=1; b=2"},
		{"ours alone", "__Host-sms2fa=x", ""},
		{"ours among the app's", "a=1; __Host-sms2fa=x; b=2; __Host-sms2fa_challenge=y", "a=1; b=2"},
		{"of another zone", "__Host-sms2fa-admin=x; __Secure-sms2fa_challenge-admin=y; c=3", "c=3"},
		{"without prefix", "sms2fa=x; sms2fa_challenge=y", ""},
		{"spaces and empty pairs", " ; sms2fa =x;;a=1", "a=1"},
		{"a name that only begins so", "sms2factor=1; __Host-sms2fabric=2", "sms2factor=1; __Host-sms2fabric=2"},
		{"in a value", "a=sms2fa", "a=sms2fa"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := stripLine(tt.line); got != tt.want {
				t.Errorf("left %q, want %q", got, tt.want)
			}
		})
	}
}

func TestKeepHopHeaders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		lines, want []string
	}{
		{"none", nil, nil},
		{"an upgrade", []string{"Upgrade"}, []string{"Upgrade"}},
		{"keep-alive", []string{"keep-alive"}, []string{"keep-alive"}},
		{"another header", []string{"X-User"}, nil},
		{"several", []string{"close, X-User", "Upgrade"}, []string{"close, Upgrade"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			if tt.lines != nil {
				h["Connection"] = slices.Clone(tt.lines)
			}
			if keepHopHeaders(h); !slices.Equal(h["Connection"], tt.want) {
				t.Errorf("kept %q, want %q", h["Connection"], tt.want)
			}
		})
	}
}

func TestPlainOrWebSocket(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, header, value string
		want                        bool
	}{
		{"plain", http.MethodGet, "", "", true},
		{"WebSocket", http.MethodGet, "Upgrade", "websocket", true},
		{"WebSocket in another case", http.MethodGet, "Upgrade", "WebSocket", true},
		{"HTTP/2 over plain TCP", http.MethodGet, "Upgrade", "h2c", false},
		{"two at once", http.MethodGet, "Upgrade", "websocket,h2c", false},
		{"extended CONNECT", http.MethodConnect, ":protocol", "websocket", true},
		{"a tunnel", http.MethodConnect, "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{Method: tt.method, Header: http.Header{}}
			if tt.header != "" {
				r.Header[tt.header] = []string{tt.value}
			}
			if strings.HasPrefix(tt.header, ":") {
				r.Header.Set(tt.header, tt.value)
			}
			if got := plainOrWebSocket(r); got != tt.want {
				t.Errorf("passes: %v, want %v", got, tt.want)
			}
		})
	}
}
