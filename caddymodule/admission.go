package caddymodule

import (
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
)

// admission is what was found out about a token: a valid signature, and that it belongs to this user and binding. What
// changes with time is not in it, and is checked with every request.
type admission struct {
	session    session.Session
	user, bind string // as the first factor wrote them
	// The values of the placeholders, boxed once.
	userValue, verifiedAt, method any
}

// admit returns the admission of a verified request, or nil. It asks nobody: signature and owner come from memory, and so
// do the epoch and the revocations, which are at most stale_ok old.
func (h *Handler) admit(r *http.Request, repl *caddy.Replacer, p place) *admission {
	token, ok := onlyCookie(h.cookieLines(r), p.names.session)
	if !ok || len(token) > session.MaxToken {
		return nil
	}
	user, bind, err := h.identity.of(r, repl)
	if err != nil {
		return nil
	}
	k, era := h.app.realm.known(r.Context())
	if era == nil || k.view.Age() > h.staleOK {
		return nil
	}
	a, ok := h.app.realm.cache.Get(token)
	if !ok || a.user != user || a.bind != bind || a.session.Zone != h.Zone {
		if a = h.examine(k, era, token, user, bind); a == nil {
			return nil
		}
		h.app.realm.cache.Put(token, a)
	}
	if !h.holds(&a.session, era) {
		return nil
	}
	return a
}

// holds checks what changes with time.
func (h *Handler) holds(s *session.Session, era *session.Era) bool {
	now := h.app.now()
	switch {
	case s.Epoch != era.Epoch.ID:
		return false
	case !now.Before(s.Expires), now.Sub(s.AuthTime) >= h.session:
		return false
	case h.idle > 0 && now.Sub(s.IssuedAt) >= h.idle:
		return false
	case h.maxAge > 0 && now.Sub(s.AuthTime) >= h.maxAge:
		return false
	}
	return !era.Revoked.Has(s)
}

// examine reads a token that is not in memory, and makes sure that it is this user's.
func (h *Handler) examine(k *realmKeys, era *session.Era, token, user, bind string) *admission {
	s, err := k.tokens.Read(token, h.Zone)
	if err != nil {
		return nil
	}
	v, err := h.app.realm.verifierOf(era)
	if err != nil {
		return nil
	}
	keys := v.verifier.Keys()
	name := canonical(user)
	if name == "" || s.Subject != keys.Pseudonym(otp.Subject{Zone: h.Zone, Name: name}) || s.Bind != boundTo(keys, bind) {
		return nil
	}
	return &admission{
		session: s, user: user, bind: bind,
		userValue: user, verifiedAt: s.AuthTime.UTC().Format(time.RFC3339), method: session.Method,
	}
}

// boundTo is what a token holds of the binding.
func boundTo(keys *otp.Keys, bind string) string {
	if bind == "" {
		return ""
	}
	return keys.Pseudonym(otp.Subject{Zone: "bind", Name: bind})
}

// pass hands a verified request to the app, without anything of ours but the placeholders.
func (h *Handler) pass(w http.ResponseWriter, r *http.Request, repl *caddy.Replacer, next caddyhttp.Handler, p place, a *admission) error {
	if !plainOrWebSocket(r) {
		return h.refuse(w, r, badRequest.because("only upgrades to websocket pass"))
	}
	if h.idle > 0 {
		h.renew(w, p, &a.session)
	}
	repl.Set("http.sms_2fa.user", a.userValue)
	repl.Set("http.sms_2fa.verified_at", a.verifiedAt)
	repl.Set("http.sms_2fa.method", a.method)
	h.stripCookies(r)
	keepHopHeaders(r.Header)
	return next.ServeHTTP(w, r)
}

// renew writes a younger token when a quarter of the idle time is over. The session and its end stay the same.
func (h *Handler) renew(w http.ResponseWriter, p place, s *session.Session) {
	now := h.app.now()
	if now.Sub(s.IssuedAt) < h.idle/4 {
		return
	}
	younger := *s
	younger.IssuedAt = now
	younger.Expires = h.expiry(s.AuthTime, now)
	token, err := h.app.realm.keys.Load().tokens.Mint(younger)
	if err != nil {
		h.log.Error("session cannot be renewed", zap.Error(err))
		return
	}
	p.names.set(w, p.names.session, token, younger.Expires.Sub(now))
}

// expiry is when a session ends that is used now and never again.
func (h *Handler) expiry(verified, now time.Time) time.Time {
	end := verified.Add(h.session)
	if h.idle > 0 && now.Add(h.idle).Before(end) {
		end = now.Add(h.idle)
	}
	return end
}

// plainOrWebSocket reports whether a request asks for no other protocol than WebSocket: once a proxy has tunnelled another
// one, nobody sees the requests in it any more.
func plainOrWebSocket(r *http.Request) bool {
	if r.Method == http.MethodConnect {
		return r.Header.Get(":protocol") == "websocket"
	}
	upgrades := r.Header["Upgrade"]
	return len(upgrades) == 0 || len(upgrades) == 1 && strings.EqualFold(upgrades[0], "websocket")
}

// keepHopHeaders leaves only harmless names in Connection. A proxy removes every header that is named there, so a client
// could name one that was set to tell the app who is coming.
func keepHopHeaders(header http.Header) {
	lines := header["Connection"]
	if len(lines) == 0 {
		return
	}
	if len(lines) == 1 && hopHeader(lines[0]) {
		return
	}
	var kept []string
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); hopHeader(name) {
				kept = append(kept, name)
			}
		}
	}
	if len(kept) == 0 {
		delete(header, "Connection")
		return
	}
	header["Connection"] = []string{strings.Join(kept, ", ")}
}

func hopHeader(name string) bool {
	return strings.EqualFold(name, "upgrade") || strings.EqualFold(name, "keep-alive") || strings.EqualFold(name, "close")
}
