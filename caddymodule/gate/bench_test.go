package gate

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
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
	tb.Setenv("XDG_DATA_HOME", tb.TempDir())
	ctx, err := caddy.ProvisionContext(&caddy.Config{AppsRaw: caddy.ModuleMap{
		"sms_2fa": json.RawMessage(`{"sender":[{"sender":"log"}]}`),
	}})
	if err != nil {
		tb.Fatal(err)
	}
	loaded, err := ctx.LoadModuleByID("http.handlers.sms_2fa",
		json.RawMessage(`{"directory":{"directory":"inline","users":{"alice":"+15005550006"}}}`))
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
	now := time.Now()
	token, err := h.app.Backend().Keys().Tokens.Mint(session.Session{
		ID: "sid", Subject: accounts.Verifier.Keys().Pseudonym(otp.Subject{Zone: "default", Name: "alice"}), Zone: "default",
		Epoch: accounts.State.Epoch.ID, AuthTime: now, IssuedAt: now, Expires: now.Add(time.Hour),
	})
	if err != nil {
		tb.Fatal(err)
	}
	repl := caddy.NewReplacer()
	r := caddyhttp.PrepareRequest(httptest.NewRequest(http.MethodGet, "http://localhost/page?x=1", nil), repl, nil, nil)
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

// TestVerifiedRequestAllocates holds the number of DESIGN: two allocations at the most.
func TestVerifiedRequestAllocates(t *testing.T) {
	h := newHandler(t)
	r, cookies := verifiedRequest(t, h, "; a=1")
	lines := make([]string, 1)
	w := httptest.NewRecorder()
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	n := testing.AllocsPerRun(200, func() {
		lines[0] = cookies[0]
		r.Header["Cookie"] = lines
		_ = h.ServeHTTP(w, r, next)
	})
	if n > 2 {
		t.Errorf("%v allocations", n)
	}
}
