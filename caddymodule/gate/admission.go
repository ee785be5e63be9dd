package gate

import (
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
)

// admission is what was found out about a token: a valid signature, and that it belongs to this owner. What changes
// with time is not in it, and is checked with every request.
type admission struct {
	gate    *Handler
	session session.Session
	owner
	// The values of the placeholders, boxed once.
	userValue, verifiedAt, method any
}

// owner is who makes a request, and to whom the request's token must belong.
type owner struct {
	user, bind string // as the first factor wrote them
	name       string // the canonical name
	number     onFile
}

// owner finds who makes a request. known is the admission of the request's token, nil if there is none yet; it saves
// making the name canonical again.
func (h *Handler) owner(repl *caddy.Replacer, user, bind string, known *admission) owner {
	o := owner{user: user, bind: bind}
	if known != nil && known.user == user {
		o.name = known.name
	} else {
		o.name = canonical(user)
	}
	o.number = h.numberAtHand(repl, o.name)
	return o
}

// admit returns the admission of a verified request, or nil. It asks nobody: signature and owner come from memory,
// and so do the epoch and the revocations, which are at most stale_ok old.
func (h *Handler) admit(r *http.Request, repl *caddy.Replacer, at location) *admission {
	if at.query.page == changeAction {
		return h.find(r, repl, at, h.isFresh)
	}
	return h.find(r, repl, at, h.holds)
}

// signedIn reports whether a request has a session that lives, also one that is not young enough for this route.
func (h *Handler) signedIn(r *http.Request, repl *caddy.Replacer, at location) bool {
	return h.find(r, repl, at, h.lives) != nil
}

// find finds, among the sessions in a request, the user's own one that is good for something.
func (h *Handler) find(
	r *http.Request, repl *caddy.Replacer, at location,
	good func(*session.Session, *session.State, time.Time) bool,
) *admission {
	tokens := cookiesOf(h.cookieLines(r), at.names.session)
	if !tokens.next() {
		return nil
	}
	user, bind, err := h.identity.of(r, repl)
	if err != nil {
		return nil
	}
	now := h.clock()
	k, state := h.app.Backend().Recent(r.Context(), now, h.staleOK)
	if state == nil {
		return nil
	}
	for more := true; more; more = tokens.next() {
		if a := h.admission(k, state, repl, tokens.value, user, bind); a != nil && good(&a.session, state, now) {
			return a
		}
	}
	return nil
}

// admission is what is found out about a token, nil when the token is not of whoever makes the request.
func (h *Handler) admission(
	k *app.Keys, state *session.State, repl *caddy.Replacer, token, user, bind string,
) *admission {
	if len(token) > session.MaxToken {
		return nil
	}
	a, _ := h.admissions.Get(token)
	o := h.owner(repl, user, bind, a)
	if a != nil && a.owner == o {
		return a
	}
	if a = h.examine(k, state, token, o); a != nil {
		h.admissions.Put(token, a)
	}
	return a
}

// holds checks what changes with time.
func (h *Handler) holds(s *session.Session, state *session.State, now time.Time) bool {
	return (h.maxAge == 0 || now.Sub(s.AuthTime) < h.maxAge) && h.lives(s, state, now)
}

// isFresh reports whether a session is young enough to change the number that proved it.
func (h *Handler) isFresh(s *session.Session, state *session.State, now time.Time) bool {
	return now.Sub(s.AuthTime) < changeWindow && h.holds(s, state, now)
}

// lives checks what ends a session wherever it is used.
func (h *Handler) lives(s *session.Session, state *session.State, now time.Time) bool {
	switch {
	case !h.lasts(s, state, now), !now.Before(s.Expires):
		return false
	case h.idles(s.Trusted) && now.Sub(s.IssuedAt) >= h.idle:
		return false
	}
	return true
}

// lasts reports whether a session goes on: what it has opened may go on then, also where idle or max_age would ask for
// a younger one now.
func (h *Handler) lasts(s *session.Session, state *session.State, now time.Time) bool {
	switch {
	case s.Epoch != state.Epoch.ID, now.Sub(s.AuthTime) >= h.life(s.Trusted):
		return false
	case !h.idles(s.Trusted) && !now.Before(s.Expires):
		return false
	}
	return !state.Revoked.Has(s)
}

// Lasts reports whether the requests that the session has let through may go on. Where the store has been silent for
// longer than stale_ok, nobody knows, and they may not.
func (a *admission) Lasts() bool {
	now := a.gate.clock()
	state := a.gate.app.Backend().Follower().Recent(now, a.gate.staleOK)
	return state != nil && a.gate.lasts(&a.session, state, now) && a.keepsNumber(state)
}

// keepsNumber reports whether the number that proved the session is still the one on file, where that is known without
// asking anybody and without the request that brought a number.
func (a *admission) keepsNumber(state *session.State) bool {
	h := a.gate
	number := h.numberAtHand(nil, a.name)
	if !number.known || number == a.number {
		return true
	}
	accounts, err := h.app.Backend().AccountsOf(state)
	return err == nil && h.proved(accounts.Verifier.Keys(), otp.Subject{Zone: h.Zone, Name: a.name}, a.session.Number,
		number)
}

// examine reads a token that is not in memory, or not for this owner, and makes sure that it is the owner's.
func (h *Handler) examine(k *app.Keys, state *session.State, token string, o owner) *admission {
	s, err := k.Tokens.Read(token, h.Zone)
	if err != nil {
		return nil
	}
	accounts, err := h.app.Backend().AccountsOf(state)
	if err != nil {
		return nil
	}
	keys := accounts.Verifier.Keys()
	subject := otp.Subject{Zone: h.Zone, Name: o.name}
	mine := o.name != "" && s.Subject == keys.Pseudonym(subject)
	if !mine || s.Bind != boundTo(keys, o.bind) || !h.proved(keys, subject, s.Number, o.number) {
		return nil
	}
	return &admission{
		gate: h, session: s, owner: o,
		userValue: o.user, verifiedAt: s.AuthTime.UTC().Format(time.RFC3339), method: session.Method,
	}
}

// boundTo is what a token holds of the binding.
func boundTo(keys *otp.Keys, bind string) string {
	if bind == "" {
		return ""
	}
	return keys.Pseudonym(otp.Subject{Zone: "bind", Name: bind})
}
