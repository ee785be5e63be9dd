package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	_ "github.com/caddy-sms-2fa/gateway/caddymodule/directories"
	_ "github.com/caddy-sms-2fa/gateway/caddymodule/senders"
	_ "github.com/caddy-sms-2fa/gateway/caddymodule/stores"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
)

// newHandler provisions a handler as Caddy does.
func newHandler(tb testing.TB) *Handler {
	tb.Helper()
	return newHandlerWith(tb, `{"directory":{"directory":"inline","users":{"alice":"+15005550006"}}}`)
}

func newHandlerWith(tb testing.TB, config string) *Handler {
	tb.Helper()
	tb.Setenv("XDG_DATA_HOME", tb.TempDir())
	ctx, err := caddy.ProvisionContext(&caddy.Config{AppsRaw: caddy.ModuleMap{
		"sms_2fa": json.RawMessage(`{"sender":[{"sender":"log"}]}`),
	}})
	if err != nil {
		tb.Fatal(err)
	}
	loaded, err := ctx.LoadModuleByID("http.handlers.sms_2fa", json.RawMessage(config))
	if err != nil {
		tb.Fatal(err)
	}
	return loaded.(*Handler)
}

// verifiedRequest is a request of alice with a session, and further cookies of the app.
func verifiedRequest(tb testing.TB, h *Handler, more string) (*http.Request, []string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	accounts, err := h.app.Backend().Ready(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	now, keys, alice := time.Now(), accounts.Verifier.Keys(), otp.Subject{Zone: "default", Name: "alice"}
	token, err := h.app.Backend().Keys().Tokens.Mint(session.Session{
		ID: "sid", Subject: keys.Pseudonym(alice), Number: keys.Number(alice, "+15005550006"), Zone: "default",
		Epoch: accounts.State.Epoch.ID, AuthTime: now, IssuedAt: now, Expires: now.Add(time.Hour),
	})
	if err != nil {
		tb.Fatal(err)
	}
	repl := caddy.NewReplacer()
	r := caddyhttp.PrepareRequest(httptest.NewRequest(http.MethodGet, "http://localhost/page?x=1", nil), repl, nil, nil)
	r.RemoteAddr = "127.0.0.1:4711"
	repl.Set("http.auth.user.id", "alice")
	return r, []string{"sms2fa=" + token + more}
}

// BenchmarkVerified is what the gate adds to a verified request.
func BenchmarkVerified(b *testing.B) {
	const others = "; a=1; PHPSESSID=0123456789abcdef"
	for name, more := range map[string]string{"alone": "", "among cookies of the app": others} {
		b.Run(name, func(b *testing.B) {
			h := newHandler(b)
			r, cookies := verifiedRequest(b, h, more)
			lines := make([]string, 1)
			w := httptest.NewRecorder()
			reached := 0
			next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { reached++; return nil })
			b.ReportAllocs()
			for b.Loop() {
				lines[0] = cookies[0]
				r.Header["Cookie"] = lines
				if err := h.ServeHTTP(w, r, next); err != nil {
					b.Fatal(err)
				}
			}
			if reached == 0 || w.Code != http.StatusOK {
				b.Fatalf("the app was not reached: %d", w.Code)
			}
		})
	}
}

// BenchmarkToken is what a token costs when it is seen for the first time.
func BenchmarkToken(b *testing.B) {
	h := newHandler(b)
	_, cookies := verifiedRequest(b, h, "")
	tokens := h.app.Backend().Keys().Tokens
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokens.Read(cookies[0][len("sms2fa="):], "default"); err != nil {
			b.Fatal(err)
		}
	}
}

// TestVerifiedRequestAllocates holds that a verified request takes one allocation, and one more where the app has
// cookies of its own; comparing the number on file takes none.
func TestVerifiedRequestAllocates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "phones.csv")
	if err := os.WriteFile(file, []byte("alice,+15005550006\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const inline = `"directory":{"directory":"inline","users":{"alice":"+15005550006"}}`
	for _, tt := range []struct{ name, config, user, cookies string }{
		{"number in the configuration", `{` + inline + `}`, "alice", ""},
		{"number in a file", fmt.Sprintf(`{"directory":{"directory":"file","path":%q}}`, file), "alice", ""},
		{"number of the first factor", `{"phone":"{http.auth.user.phone}"}`, "alice", ""},
		{"several directories", `{"directory":[{"directory":"placeholder","placeholder":"{http.auth.user.none}"},` +
			`{"directory":"inline","users":{"alice":"+15005550006"}},` +
			`{"directory":"redis","address":["127.0.0.1:1"],"hash":"phones"}]}`, "alice", ""},
		{"directory that asks", `{"directory":{"directory":"redis","hash":"phones"}}`, "alice", ""},
		{"name that is not canonical", `{` + inline + `}`, "Alice", ""},
		{"cookies of the app", `{` + inline + `}`, "alice", "; a=1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHandlerWith(t, tt.config)
			r, cookies := verifiedRequest(t, h, tt.cookies)
			repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
			repl.Set("http.auth.user.id", tt.user)
			repl.Set("http.auth.user.phone", "+1 500 555 0006")
			lines := make([]string, 1)
			w := httptest.NewRecorder()
			reached := 0
			next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { reached++; return nil })
			n := testing.AllocsPerRun(200, func() {
				lines[0] = cookies[0]
				r.Header["Cookie"] = lines
				_ = h.ServeHTTP(w, r, next)
			})
			most := 1.0
			if tt.cookies != "" {
				most = 2
			}
			if n > most || reached == 0 {
				t.Errorf("%v allocations, want %v at the most; the app was reached %d times", n, most, reached)
			}
		})
	}
}
