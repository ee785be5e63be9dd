package gate

import (
	"io"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/session"
)

// renewal is the writer of an answer that brings a younger token. The token is the visitor's alone, and the answer is
// the app's: when the app has said how caches may keep the answer, the renewal keeps it out of those that several
// people share (RFC 9111 7.3 leaves that to the origin).
type renewal struct {
	*caddyhttp.ResponseWriterWrapper
	set  func(http.ResponseWriter) // the cookie
	done bool
}

// renewing returns the writer of an answer with a younger token, nil when a quarter of the idle time is not over yet.
// The session and its end stay the same.
func (h *Handler) renewing(w http.ResponseWriter, at location, s *session.Session) *renewal {
	if !h.idles(s.Trusted) {
		return nil
	}
	now := h.clock()
	if now.Sub(s.IssuedAt) < h.idle/4 {
		return nil
	}
	younger := *s
	younger.IssuedAt = now
	younger.Expires = h.expiry(s.AuthTime, now, s.Trusted)
	token, err := h.app.Backend().Keys().Tokens.Mint(younger)
	if err != nil {
		h.log.Error("session cannot be renewed", zap.Error(err))
		return nil
	}
	return &renewal{
		ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w},
		set: func(w http.ResponseWriter) {
			at.names.set(w, at.names.session, token, younger.Expires.Sub(now))
		},
	}
}

// begin is called before the header of the answer goes out. A 304 tells a cache to keep the header of an earlier
// answer, with what the 304 adds (RFC 9111 3.2): the token waits for another answer.
func (w *renewal) begin(status int) {
	informational := status < http.StatusOK && status != http.StatusSwitchingProtocols
	if w.done || informational {
		return
	}
	w.done = true
	if status == http.StatusNotModified {
		return
	}
	w.set(w.ResponseWriter)
	keepPrivate(w.Header())
}

func (w *renewal) WriteHeader(status int) {
	w.begin(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *renewal) Write(p []byte) (int, error) {
	w.begin(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// ReadFrom is how a file is copied into the answer.
func (w *renewal) ReadFrom(r io.Reader) (int64, error) {
	w.begin(http.StatusOK)
	return w.ResponseWriterWrapper.ReadFrom(r)
}

// FlushError sends what there is, if only a header.
func (w *renewal) FlushError() error {
	w.begin(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is FlushError for handlers that do not look at the error.
func (w *renewal) Flush() { _ = w.FlushError() }

// forShared are the directives of Cache-Control that speak of caches which several people share (RFC 9111 5.2.2).
var forShared = map[string]bool{"public": true, "s-maxage": true, "proxy-revalidate": true, "private": true}

// keepPrivate keeps an answer out of shared caches. What the app says of the browser's own cache stays.
func keepPrivate(h http.Header) {
	for name := range h {
		if targeted(name) {
			delete(h, name)
		}
	}
	kept := []string{"private"}
	for _, line := range h["Cache-Control"] {
		for _, directive := range directives(line) {
			name, _, _ := strings.Cut(directive, "=")
			if !forShared[strings.ToLower(strings.TrimSpace(name))] {
				kept = append(kept, directive)
			}
		}
	}
	h["Cache-Control"] = []string{strings.Join(kept, ", ")}
}

// targeted reports whether a header speaks to certain shared caches alone, which then do not look at Cache-Control
// (RFC 9213; Surrogate-Control and X-Accel-Expires are older).
func targeted(name string) bool {
	return name != "Cache-Control" && strings.HasSuffix(name, "Cache-Control") ||
		name == "Surrogate-Control" || name == "X-Accel-Expires"
}

// directives splits a line of Cache-Control. A comma in quotes belongs to a value.
func directives(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && (r == ',' || r == ' ' || r == '\t')
	})
}
