package gate

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestKeepPrivate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		said []string
		want string
	}{
		{"nothing said", nil, "private"},
		{"public", []string{"public"}, "private"},
		{"public for a time", []string{"public, max-age=600"}, "private, max-age=600"},
		{"for shared caches", []string{"s-maxage=60, proxy-revalidate"}, "private"},
		{"in capitals", []string{"PUBLIC, S-MaxAge=60, Max-Age=1"}, "private, Max-Age=1"},
		{"in two lines", []string{"public", "max-age=1"}, "private, max-age=1"},
		{"private already", []string{"private, max-age=1"}, "private, max-age=1"},
		{"private in part", []string{`private="x-a, public", max-age=1`}, "private, max-age=1"},
		{"not at all", []string{"no-store"}, "private, no-store"},
		{"without spaces", []string{"public,must-revalidate,immutable"}, "private, must-revalidate, immutable"},
		{"a value with public in it", []string{`no-cache="public, x"`}, `private, no-cache="public, x"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{
				"Cache-Control": tt.said, "Cdn-Cache-Control": {"max-age=600"}, "Surrogate-Control": {"max-age=600"},
				"Cloudflare-Cdn-Cache-Control": {"public"}, "X-Accel-Expires": {"600"}, "Etag": {`"1"`},
			}
			keepPrivate(h)
			if got := h.Get("Cache-Control"); got != tt.want {
				t.Errorf("Cache-Control is %q, want %q", got, tt.want)
			}
			if len(h) != 2 {
				t.Errorf("left: %v", h)
			}
		})
	}
}

// The token goes out with the header, however a handler begins its answer, once, and not with a 304.
func TestRenewalBeginsWithTheHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		write func(w http.ResponseWriter)
		want  bool
	}{
		{"a header", func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }, true},
		{"a body", func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) }, true},
		{"a file", func(w http.ResponseWriter) { _, _ = io.Copy(w, io.LimitReader(strings.NewReader("x"), 1)) }, true},
		{"a flush", func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }, true},
		{"a flush of old", func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, true},
		{"not modified", func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotModified) }, false},
		{"early hints", func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) }, false},
		{"early hints, then a body", func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = w.Write([]byte("x"))
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inner := httptest.NewRecorder()
			w := &renewal{
				ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: inner},
				set:                   func(w http.ResponseWriter) { w.Header().Add("Set-Cookie", "token") },
			}
			tt.write(w)
			if got := len(inner.Header()["Set-Cookie"]); got > 1 || got == 1 != tt.want {
				t.Errorf("%d tokens", got)
			}
		})
	}
}
