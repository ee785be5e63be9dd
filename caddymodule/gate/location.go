package gate

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// location is where a request arrived, as the browser sees it, and what is asked there. Each gate reads a request
// once.
type location struct {
	url   *url.URL // as asked for, before any rewrite
	query query
	meant meant
	safe  bool // HTTPS, or a loopback host
	// names are the cookies' names here: without prefix on a loopback host over plain HTTP.
	names *cookieNames
}

// locate reads a request.
func (h *Handler) locate(r *http.Request) location {
	at := location{url: askedFor(r), names: &h.names, safe: true}
	at.query = readQuery(at.url.RawQuery)
	at.meant = h.meantBy(r, at)
	if !encrypted(r) {
		at.names, at.safe = &h.plainNames, loopback(hostOf(r.Host))
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

// encrypted reports whether the browser speaks HTTPS: with Caddy, or with a proxy that Caddy was told to trust.
func encrypted(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	proto := r.Header["X-Forwarded-Proto"]
	return trusted && len(proto) == 1 && strings.EqualFold(proto[0], "https")
}

// hostOf is a host without its port, in lower case.
func hostOf(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// early reports whether a request may have been replayed: TLS early data, here or at a proxy in front (RFC 8470).
func early(r *http.Request) bool {
	return r.TLS != nil && !r.TLS.HandshakeComplete || r.Header.Get("Early-Data") == "1"
}
