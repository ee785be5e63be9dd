package gate

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// encrypted reports whether the browser speaks HTTPS: with Caddy, or with a proxy that Caddy was told to trust.
func encrypted(r *http.Request) bool {
	return r.TLS != nil || fromTrustedProxy(r) && overTLS(forwardedScheme(r.Header))
}

// fromTrustedProxy reports whether the peer is one of Caddy's trusted_proxies.
func fromTrustedProxy(r *http.Request) bool {
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted
}

const forwardedProto = "X-Forwarded-Proto"

// forwardedScheme is what the first proxy on the way says that the browser speaks: the first value of the first line.
// Each proxy behind it may have added a value, or a line.
func forwardedScheme(header http.Header) string {
	lines := header[forwardedProto]
	if len(lines) == 0 {
		return ""
	}
	first, _, _ := strings.Cut(lines[0], ",")
	return strings.TrimSpace(first)
}

// overTLS reports whether a scheme is that of an encrypted connection, of pages or of WebSockets.
func overTLS(scheme string) bool {
	return strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "wss")
}

// onThisMachine reports whether a request comes from the machine that Caddy runs on, and for a name of that machine:
// then nobody on a network can have read it.
func onThisMachine(r *http.Request) bool {
	return loopback(hostOf(r.Host)) && loopbackPeer(r.RemoteAddr)
}

// loopbackPeer reports whether the other end of a connection is on this machine. A Unix socket has no port.
func loopbackPeer(remote string) bool {
	if remote == "" || remote[0] == '@' || remote[0] == '/' {
		return true
	}
	if strings.HasPrefix(remote, "127.0.0.1:") || strings.HasPrefix(remote, "[::1]:") {
		return true // without reading the rest: almost always one of these
	}
	peer, err := netip.ParseAddrPort(remote)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

// hostOf is a host without its port, in lower case.
func hostOf(hostport string) string {
	host := hostport
	if strings.Contains(hostport, ":") { // the error of a host without a port would cost more than the rest
		if h, _, err := net.SplitHostPort(hostport); err == nil {
			host = h
		}
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

func loopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || loopbackAddr(host)
}

func loopbackAddr(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// The longest host name, and the longest label of one (RFC 1035 2.3.4).
const (
	maxHost  = 253
	maxLabel = 63
)

// isHostName reports whether a host, without its port, can be the name or the address of a site. The host stands in
// texts and on pages, so nothing else gets there. Underscores are in use, though RFC 1123 has none.
func isHostName(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return !strings.Contains(host, "%")
	}
	host = strings.TrimSuffix(host, ".")
	if len(host) > maxHost {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > maxLabel || strings.ContainsFunc(label, notInHostNames) {
			return false
		}
	}
	return true
}

func notInHostNames(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}

// isSafe reports whether a method changes nothing, so that a request may be replayed (RFC 9110 9.2.1).
func isSafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// early reports whether a request may have been replayed: TLS early data, here or at a proxy in front (RFC 8470).
func early(r *http.Request) bool {
	return r.TLS != nil && !r.TLS.HandshakeComplete || r.Header.Get("Early-Data") == "1"
}
