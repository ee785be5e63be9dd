package gate

import (
	"net/http"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
)

// What a proxy in front of Caddy gets wrong, nobody sees from outside: every visitor is refused, or gets cookies of
// the wrong names. The log says it, with the peer, the header and the option.

// proxyNotes are the log lines about proxies that a gate has written.
type proxyNotes struct {
	insecure atomic.Int64 // when a request over plain HTTP was last noted, nanoseconds since 1970
	host     atomic.Bool  // that the Host is not passed on was noted
}

// noteEvery is how often requests over plain HTTP are noted, at the most.
const noteEvery = time.Minute

// refuseInsecure refuses a request whose connection anybody on the way can read.
func (v *visitor) refuseInsecure() error {
	v.noteInsecure()
	return v.answer(problem.InsecureRequest.Refusal())
}

func (v *visitor) noteInsecure() {
	now := v.clock().UnixNano()
	last := v.notes.insecure.Load()
	if last != 0 && now-last < int64(noteEvery) || !v.notes.insecure.CompareAndSwap(last, now) {
		return
	}
	v.log.Warn("request over plain HTTP refused",
		zap.String("peer", v.r.RemoteAddr), zap.String("host", short(v.r.Host)),
		zap.String("x_forwarded_proto", short(forwardedScheme(v.r.Header))),
		zap.Bool("trusted_proxy", fromTrustedProxy(v.r)),
		zap.String("remedy", insecureRemedy(v.r)), zap.String("zone", v.Zone), app.ClientIP(v.r))
}

// insecureRemedy is what the operator can do about a request over plain HTTP.
func insecureRemedy(r *http.Request) string {
	scheme := forwardedScheme(r.Header)
	switch {
	case overTLS(scheme):
		return "the peer says by X-Forwarded-Proto that the browser speaks HTTPS, and is not trusted: " +
			"if it is your proxy, add it to trusted_proxies in the global option servers"
	case scheme != "" && fromTrustedProxy(r):
		return "the trusted proxy says by X-Forwarded-Proto that the browser speaks plain HTTP: redirect it to HTTPS there"
	case fromTrustedProxy(r):
		return "the trusted proxy does not say what the browser speaks: let it send X-Forwarded-Proto"
	case loopback(hostOf(r.Host)):
		return "the host is a loopback name, and the peer is not on this machine: use HTTPS, or come from this machine"
	}
	return "the gate works over HTTPS only: let Caddy speak HTTPS, or, where a proxy in front does, let the proxy " +
		"send X-Forwarded-Proto and add it to trusted_proxies in the global option servers"
}

// noteHost warns once where a proxy in front of Caddy puts a loopback name in the place of the host that was asked
// for.
func (v *visitor) noteHost() {
	if !loopback(hostOf(v.r.Host)) || !forwarded(v.r.Header) || !v.notes.host.CompareAndSwap(false, true) {
		return
	}
	v.log.Warn("the proxy in front does not pass the Host on: cookies, texts and redirects are those of the loopback "+
		"host; with nginx: proxy_set_header Host $host", zap.String("peer", v.r.RemoteAddr),
		zap.String("host", short(v.r.Host)), zap.String("x_forwarded_host", short(v.r.Header.Get("X-Forwarded-Host"))),
		zap.String("zone", v.Zone))
}

// forwarded reports whether a proxy has passed a request on.
func forwarded(h http.Header) bool {
	return len(h["X-Forwarded-For"]) > 0 || len(h["X-Forwarded-Host"]) > 0 || len(h[forwardedProto]) > 0 ||
		len(h["Forwarded"]) > 0
}

// short is the beginning of what a client sent, for the log.
func short(s string) string { return s[:min(len(s), 100)] }
