package gate

import (
	"net/http"
	"net/url"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// location is where a request arrived, as the browser sees it, and what is asked there. Each gate reads a request
// once.
type location struct {
	url   *url.URL // as asked for, before any rewrite
	query query
	meant meant
	safe  bool // HTTPS, or on this machine
	// names are the cookies' names here: without prefix on a loopback host over plain HTTP.
	names *cookieNames
}

// locate reads a request.
func (h *Handler) locate(r *http.Request) location {
	at := location{url: askedFor(r), names: &h.names, safe: true}
	at.query = readQuery(at.url.RawQuery)
	at.meant = h.meantBy(r, at)
	if !encrypted(r) {
		at.names, at.safe = &h.plainNames, onThisMachine(r)
	}
	return at
}

// askedFor is the URL as the browser asked for it, before any rewrite.
func askedFor(r *http.Request) *url.URL {
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		return original.URL
	}
	return r.URL
}
