package caddymodule

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// parameter is the one query parameter that the gateway reserves.
const parameter = "sms_2fa"

// place is where a request arrived, as the browser sees it.
type place struct {
	url  *url.URL // as asked for, before any rewrite
	host string   // without port
	safe bool     // HTTPS, or a loopback host
	// names are the cookies' names here: without prefix on a loopback host over plain HTTP.
	names *cookieNames
}

func (h *Handler) placeOf(r *http.Request, asked *url.URL) place {
	p := place{url: asked, names: &h.names, safe: true}
	if encrypted(r) {
		return p
	}
	p.host = hostOf(r.Host)
	p.names, p.safe = &h.plainNames, loopback(p.host)
	return p
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

// reserved reports whether a query may carry the gateway's parameter. It errs on the side of the gateway.
func reserved(rawQuery string) bool {
	return rawQuery != "" && (strings.Contains(rawQuery, parameter) || strings.Contains(rawQuery, "%")) && carries(rawQuery)
}

// carries reports whether any reading of the query finds the parameter: '&' and ';' both separate.
func carries(rawQuery string) bool {
	_, _, found := cutParameter(rawQuery)
	return found
}

// cutParameter takes the gateway's parameter out of a query and leaves the rest as it was written. With more than one
// of them, or one that cannot be read, the value is "?", which is none of ours.
func cutParameter(rawQuery string) (rest, value string, found bool) {
	var kept []string
	for pair := range strings.FieldsFuncSeq(rawQuery, func(c rune) bool { return c == '&' || c == ';' }) {
		name, val, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || plain != parameter {
			kept = append(kept, pair)
			continue
		}
		if val, err = url.QueryUnescape(val); err != nil || found {
			val = "?"
		}
		value, found = val, true
	}
	if !found {
		return rawQuery, "", false
	}
	return strings.Join(kept, "&"), value, true
}

// home is the address that was asked for, without our parameter, as a reference that cannot leave the site: a path with
// one leading slash, whatever the request had (browsers read "//x" and "/\x" as another host).
func (p place) home() string {
	path := "/" + strings.TrimLeft(p.url.EscapedPath(), `/\`)
	query, _, _ := cutParameter(p.url.RawQuery)
	if query != "" {
		return path + "?" + query
	}
	return path
}

// action is the address for one of our own requests, relative to the page: the same address, and our parameter.
func (p place) action(value string) string {
	query, _, _ := cutParameter(p.url.RawQuery)
	if query != "" {
		query += "&"
	}
	return "?" + query + parameter + "=" + value
}

// origin is the host for the last line of the text.
func (h *Handler) originOf(r *http.Request) string {
	return first(h.Origin, hostOf(r.Host))
}
