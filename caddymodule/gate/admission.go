package gate

import (
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
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

// admit returns the admission of a verified request, or nil. It asks nobody: signature and owner come from memory,
// and so do the epoch and the revocations, which are at most stale_ok old.
func (h *Handler) admit(r *http.Request, repl *caddy.Replacer, at location) *admission {
	token, ok := onlyCookie(h.cookieLines(r), at.names.session)
	if !ok || len(token) > session.MaxToken {
		return nil
	}
	user, bind, err := h.identity.of(r, repl)
	if err != nil {
		return nil
	}
	k, state := h.app.Backend().Known(r.Context())
	if state == nil || k.Follower.Age() > h.staleOK {
		return nil
	}
	a, ok := h.admissions.Get(token)
	if !ok || a.user != user || a.bind != bind {
		if a = h.examine(k, state, token, user, bind); a == nil {
			return nil
		}
		h.admissions.Put(token, a)
	}
	if !h.holds(&a.session, state) {
		return nil
	}
	return a
}

// holds checks what changes with time.
func (h *Handler) holds(s *session.Session, state *session.State) bool {
	now := h.clock()
	switch {
	case s.Epoch != state.Epoch.ID:
		return false
	case !now.Before(s.Expires), now.Sub(s.AuthTime) >= h.session:
		return false
	case h.idle > 0 && now.Sub(s.IssuedAt) >= h.idle:
		return false
	case h.maxAge > 0 && now.Sub(s.AuthTime) >= h.maxAge:
		return false
	}
	return !state.Revoked.Has(s)
}

// examine reads a token that is not in memory, and makes sure that it is this user's.
func (h *Handler) examine(k *app.Keys, state *session.State, token, user, bind string) *admission {
	s, err := k.Tokens.Read(token, h.Zone)
	if err != nil {
		return nil
	}
	accounts, err := h.app.Backend().AccountsOf(state)
	if err != nil {
		return nil
	}
	keys := accounts.Verifier.Keys()
	name := canonical(user)
	mine := name != "" && s.Subject == keys.Pseudonym(otp.Subject{Zone: h.Zone, Name: name})
	if !mine || s.Bind != boundTo(keys, bind) {
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
