package gate

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sms-2fa/gateway/otp"
)

// A request may pass the gates of several zones, and each acts for itself alone: only a gate itself knows, by its own
// first factor, who the visitor is. So a gate that stands behind another one names itself in the addresses of its
// forms, and the gates before it let such a request through like any other: if the visitor is verified with them.

// meant is whom a request is meant for.
type meant int

const (
	meantForApp     meant = iota // it does not carry our parameter
	meantForThis                 // for this gate: the first one on the way, or named
	meantForInner                // for another gate, which stands behind this one
	meantForNobody               // for a gate that does not stand here
	meantForUnknown              // that cannot be told, because the store has not been heard of
)

// passes reports whether a verified request passes this gate.
func (m meant) passes() bool { return m == meantForApp || m == meantForInner }

// meantBy finds out whom a request is meant for. That a gate stands behind this one at this address is proved by the
// name that only that gate could have given itself.
func (h *Handler) meantBy(r *http.Request, at location) meant {
	switch {
	case !at.query.found:
		return meantForApp
	case at.query.gateName == "":
		return meantForThis
	}
	keys := h.accountKeys(r)
	if keys == nil {
		return meantForUnknown
	}
	zone, proof, _ := strings.Cut(at.query.gateName, ".")
	want := keys.GateName(zone, hostOf(r.Host), at.url.EscapedPath())
	switch {
	case subtle.ConstantTimeCompare([]byte(proof), []byte(want)) != 1:
		return meantForNobody
	case zone == h.Zone && behind(r):
		return meantForThis
	}
	return meantForInner
}

// gateName is how this gate is named to those that a request passes before it, "" when it is the first one.
func (h *Handler) gateName(r *http.Request, at location) string {
	if !behind(r) {
		return ""
	}
	keys := h.accountKeys(r)
	if keys == nil {
		return ""
	}
	return h.Zone + "." + keys.GateName(h.Zone, hostOf(r.Host), at.url.EscapedPath())
}

// behind reports whether a request has passed a gate already.
func behind(r *http.Request) bool { return caddyhttp.GetVar(r.Context(), keptCookies) != nil }

// accountKeys are those of the store as it is, nil when it has not been heard of.
func (h *Handler) accountKeys(r *http.Request) *otp.Keys {
	_, state := h.app.Backend().Known(r.Context())
	if state == nil {
		return nil
	}
	accounts, err := h.app.Backend().AccountsOf(state)
	if err != nil {
		return nil
	}
	return accounts.Verifier.Keys()
}
