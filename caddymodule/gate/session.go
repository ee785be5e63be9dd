package gate

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
)

// errNoLongerOnFile says that the number of a challenge is none of the user's any more.
var errNoLongerOnFile = errors.New("the number that proved it is no longer on file")

// openSession mints the session that a right code opened, and ends the sessions that the browser may have had before
// (OWASP ASVS 7.2.4). The session is bound to the number that the code was texted to. The times in a token are on the
// gateway's clock, by which gateways judge the token; the order of sessions and revocations is the store's, and hangs
// on the stamp.
func (h *holder) openSession(o otp.Outcome, trusted bool) (session.Session, string, error) {
	now, keys, number := h.clock(), h.verifier.Keys(), h.textedTo(o)
	if number == "" {
		return session.Session{}, "", errNoLongerOnFile
	}
	opened := now.Add(-o.OpenedAgo)
	s := session.Session{
		ID: o.Session, Subject: h.pseudonym(), Zone: h.Zone, Epoch: h.epoch,
		Bind: boundTo(keys, h.bind), Number: keys.Number(h.subject, number.E164()),
		AuthTime: opened, Stamp: o.Stamp, IssuedAt: now, Expires: h.expiry(opened, now, trusted),
		Trusted: trusted,
	}
	token, err := h.app.Backend().Keys().Tokens.Mint(s)
	if err != nil {
		return s, "", err
	}
	h.endEarlier(&s)
	return s, token, nil
}

// endEarlier revokes the sessions that the new one replaces. If that fails, an earlier session still ends with its
// own time.
func (a *account) endEarlier(opened *session.Session) {
	for _, old := range a.ownSessions() {
		if old.ID == opened.ID {
			continue
		}
		if err := a.replaceSession(&old, opened); err != nil {
			a.log.Warn("earlier session could not be ended", zap.String("account", a.pseudonym()), zap.Error(err))
		}
	}
}

// ownSessions are the sessions in the request's cookies that are this account's, whether or not they still open this
// route.
func (a *account) ownSessions() []session.Session {
	var own []session.Session
	for tokens := cookiesOf(a.cookieLines(a.r), a.at.names.session); tokens.next(); {
		s, err := a.app.Backend().Keys().Tokens.Read(tokens.value, a.Zone)
		if err == nil && s.Subject == a.pseudonym() {
			own = append(own, s)
		}
	}
	return own
}

// life is how long a session lasts at the most: trust where the visitor has asked for that and this gate offers it.
func (h *Handler) life(trusted bool) time.Duration {
	if trusted && h.trust > 0 {
		return h.trust
	}
	return h.session
}

// idles reports whether a session ends when it is not used. One that is trusted does not.
func (h *Handler) idles(trusted bool) bool { return h.idle > 0 && !(trusted && h.trust > 0) }

// expiry is when a session ends that is used now and never again.
func (h *Handler) expiry(verified, now time.Time, trusted bool) time.Time {
	end := verified.Add(h.life(trusted))
	if h.idles(trusted) && now.Add(h.idle).Before(end) {
		end = now.Add(h.idle)
	}
	return end
}
