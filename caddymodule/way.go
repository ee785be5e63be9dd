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

// onward reports whether a request is meant for a gate behind this one. That there is one at this address is proved by the name
// that only it could have given itself.
func (h *Handler) onward(r *http.Request, asked *url.URL) bool {
	q := readQuery(asked.RawQuery)
	zone, proof, named := strings.Cut(q.way, ".")
	if !q.found || !named || zone == h.Zone && behind(r) {
		return false
	}
	keys := h.keys(r)
	return keys != nil && subtle.ConstantTimeCompare([]byte(proof), []byte(keys.Way(zone, hostOf(r.Host), asked.EscapedPath()))) == 1
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
