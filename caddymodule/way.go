package caddymodule

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sms-2fa/gateway/otp"
)

// A request may pass the gates of several zones, and each acts for itself alone: only it knows by its own first factor who the
// visitor is. So a gate that stands behind another one says in the addresses of its forms that it is the one that is meant, and
// those before it let such a request through like any other: if the visitor is verified with them.

// way is how this gate is named to those that a request passes before it, "" when it is the first one.
func (h *Handler) way(r *http.Request, asked *url.URL) string {
	if !behind(r) {
		return ""
	}
	keys := h.keys(r)
	if keys == nil {
		return ""
	}
	return h.Zone + "." + keys.Way(h.Zone, hostOf(r.Host), asked.EscapedPath())
}

// behind reports whether a request has passed a gate already.
func behind(r *http.Request) bool { return caddyhttp.GetVar(r.Context(), keptCookies) != nil }

// addressee is whom a request is meant for.
type addressee int

const (
	theApp      addressee = iota // it does not carry our parameter
	thisGate                     // the first one on the way, or this one by its name
	gateBehind                   // another one, which stands behind this one
	noGate                       // none that stands here
	unknownGate                  // that cannot be told, because the store has not been heard of
)

// addressee finds out whom a request is meant for. That a gate stands behind this one at this address is proved by the name that
// only it could have given itself.
func (h *Handler) addressee(r *http.Request, asked *url.URL) addressee {
	if !reserved(asked.RawQuery) {
		return theApp
	}
	q := readQuery(asked.RawQuery)
	if q.way == "" {
		return thisGate
	}
	keys := h.keys(r)
	if keys == nil {
		return unknownGate
	}
	zone, proof, _ := strings.Cut(q.way, ".")
	want := keys.Way(zone, hostOf(r.Host), asked.EscapedPath())
	switch {
	case subtle.ConstantTimeCompare([]byte(proof), []byte(want)) != 1:
		return noGate
	case zone == h.Zone && behind(r):
		return thisGate
	}
	return gateBehind
}

// withoutOurs takes our parameters out of what the next handler sees. A gate behind this one reads what the browser asked for, and
// nobody else gets to see them, whatever else decides where that gate stands.
func withoutOurs(r *http.Request) {
	r.URL.RawQuery = readQuery(r.URL.RawQuery).rest
}

// keys are those of the store as it is, nil when it has not been heard of.
func (h *Handler) keys(r *http.Request) *otp.Keys {
	_, era := h.app.realm.known(r.Context())
	if era == nil {
		return nil
	}
	v, err := h.app.realm.verifierOf(era)
	if err != nil {
		return nil
	}
	return v.verifier.Keys()
}
