package gate

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// gone is a visitor who has left: nothing can be written.
type gone struct{ http.ResponseWriter }

func (gone) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// unverified is a request without a session.
func unverified(method, query, dest, user string) *http.Request {
	r := httptest.NewRequest(method, "http://localhost/"+query, strings.NewReader("code=1"))
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", dest)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	repl := caddy.NewReplacer()
	repl.Set("http.auth.user.id", user)
	return caddyhttp.PrepareRequest(r, repl, nil, nil)
}

// No request that is not verified hands an error to Caddy, whose error routes may lead to the app: neither where the
// visitor has left, nor where the page cannot be made.
func TestNoErrorLeavesTheGate(t *testing.T) {
	h := newHandler(t)
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
		t.Error("the app was reached")
		return nil
	})
	serve := func(method, query, dest, user string) int {
		w := httptest.NewRecorder()
		if err := h.ServeHTTP(gone{w}, unverified(method, query, dest, user), next); err != nil {
			t.Errorf("%s %s to %s of %q: %v", method, query, dest, user, err)
		}
		return w.Code
	}
	queries := []string{"", "?sms_2fa=verify", "?sms_2fa=send", "?sms_2fa=logout", "?sms_2fa=status", "?sms_2fa=x"}
	for _, query := range queries {
		for _, dest := range []string{"document", "empty", "iframe", "image"} {
			for _, user := range []string{"alice", "", "m\xfcller"} {
				serve(http.MethodGet, query, dest, user)
				serve(http.MethodPost, query, dest, user)
				serve(http.MethodHead, query, dest, user)
			}
		}
	}
	h.page.Rand = strings.NewReader("")
	for _, user := range []string{"alice", "", "m\xfcller"} {
		if code := serve(http.MethodGet, "", "document", user); code != http.StatusInternalServerError {
			t.Errorf("a page that cannot be made: status %d", code)
		}
	}
}
