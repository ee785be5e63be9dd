package caddymodule

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// parameter is the one query parameter that the gateway reserves. Beside it, zoneParameter says which gate is meant, where a
// request passes several.
const (
	parameter     = "sms_2fa"
	zoneParameter = "sms_2fa_zone"
)

// place is where a request arrived, as the browser sees it.
type place struct {
	url  *url.URL // as asked for, before any rewrite
	host string   // without port
	safe bool     // HTTPS, or a loopback host
	// names are the cookies' names here: without prefix on a loopback host over plain HTTP.
	names *cookieNames
}

// askedFor is the URL as the browser asked for it, before any rewrite.
func askedFor(r *http.Request) *url.URL {
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		return original.URL
	}
	return r.URL
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

// asked is what a query asks of the gateway.
type asked struct {
	rest   string // the query without our parameters, as it was written
	action string // the value of our parameter; "?" when it stands twice or cannot be read
	way    string // which gate is meant, "" for the first one on the way
	found  bool
}

// reserved reports whether a query carries the gateway's parameter.
func reserved(rawQuery string) bool {
	if rawQuery == "" || !strings.Contains(rawQuery, parameter) && !strings.Contains(rawQuery, "%") {
		return false
	}
	return readQuery(rawQuery).found
}

// readQuery finds the gateway's parameters in a query. Both '&' and ';' separate: whatever reading the app prefers, it gets
// no request that carries them.
func readQuery(rawQuery string) asked {
	var q asked
	var kept []string
	for pair := range strings.FieldsFuncSeq(rawQuery, func(c rune) bool { return c == '&' || c == ';' }) {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		value, valueErr := url.QueryUnescape(rawValue)
		switch {
		case err == nil && name == parameter && (q.found || valueErr != nil):
			q.found, q.action = true, "?"
		case err == nil && name == parameter:
			q.found, q.action = true, value
		case err == nil && name == zoneParameter:
			q.way = value
		default:
			kept = append(kept, pair)
		}
	}
	if !q.found {
		return asked{rest: rawQuery}
	}
	q.rest = strings.Join(kept, "&")
	return q
}

// home is the address that was asked for, without our parameter, as a reference that cannot leave the site: a path with
// one leading slash, whatever the request had (browsers read "//x" and "/\x" as another host).
func (p place) home() string {
	path := "/" + strings.TrimLeft(p.url.EscapedPath(), `/\`)
	if query := readQuery(p.url.RawQuery).rest; query != "" {
		return path + "?" + query
	}
	return path
}

// action is the address for one of our own requests, relative to the page: the same address, and our parameters.
func (p place) action(value, way string) string {
	query := readQuery(p.url.RawQuery).rest
	if query != "" {
		query += "&"
	}
	query += parameter + "=" + value
	if way != "" {
		query += "&" + zoneParameter + "=" + way
	}
	return "?" + query
}

// originOf is the host for the last line of the text.
func (h *Handler) originOf(r *http.Request) string {
	return first(h.Origin, hostOf(r.Host))
}
