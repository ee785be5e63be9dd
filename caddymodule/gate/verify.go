package gate

import (
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// verify checks a code. The right one opens the session; the visitor goes on to what was asked for. So does, whatever
// was typed, the form of a page that is left over in a browser that is verified by now, as a second tab is.
func (c *caller) verify() error {
	s, err := c.read()
	if err != nil {
		return c.answer(c.unreadable(err, ""))
	}
	if !s.json && c.admitted() != nil && !c.changes() {
		return c.redirect(c.home())
	}
	c.wantsTrust = s.trust
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	if !a.trusts(s) {
		return a.answer(a.unreadable(a.unproved(), a.pseudonym()))
	}
	h, err := a.lookUp()
	if err != nil {
		return a.cannotTell(err)
	}
	switch {
	case h.number == "":
		return h.numberless() // the code went to the phone of nobody any more
	case h.unproven != nil && h.unproven.Opened != nil:
		return h.enterProved(s.json)
	}
	return h.judge(s)
}

// judge answers a typed code.
func (h *holder) judge(s submission) error {
	o, err := h.check(s.code)
	if err == nil && o.Kind == otp.Asking {
		o, err = h.settleGuess(o, s.code)
	}
	switch {
	case err != nil && sms.IsError(err):
		return h.unanswered(err)
	case err != nil:
		return h.fault("code cannot be checked", err)
	}
	h.noteCheck(o)
	if o.Kind != otp.Right {
		return h.showOutcome(h.withChallenge(o))
	}
	return h.enter(o, s.json)
}

// withChallenge keeps the ticket's challenge where an outcome names none, so that a refusal does not cost the ticket.
func (a *account) withChallenge(o otp.Outcome) otp.Outcome {
	if o.Challenge.ID == (otp.ChallengeID{}) && o.Kind != otp.Expired {
		o.Challenge.ID = a.ticket.Challenge
	}
	return o
}

func (a *account) noteCheck(o otp.Outcome) {
	metrics.Checks.WithLabelValues(string(o.Kind)).Inc()
	fields := a.fields(zap.String("result", string(o.Kind)), zap.Int("attempts_left", o.Standing.AttemptsLeft))
	switch o.Kind {
	case otp.Right:
		a.log.Info("code right", fields...)
	case otp.Blocked, otp.Disabled:
		a.log.Warn("account blocked", append(fields, zap.Duration("blocked_for", o.Standing.BlockedFor))...)
	default:
		a.log.Warn("code wrong", fields...)
	}
}

// enter gives the browser the session that the right code opened. A number that the visitor has given becomes theirs
// first: without that there is no session.
func (h *holder) enter(o otp.Outcome, asJSON bool) error {
	home := h.home()
	if h.replaces != "" {
		home = h.accountAddress()
	}
	if h.unproven == nil {
		h.keepNumber(o)
	} else if ok, answer := h.prove(&o); !ok {
		return answer
	}
	s, token, err := h.openSession(o, h.wantsTrust && h.trust > 0)
	if err != nil {
		return h.fault("session cannot be signed", err)
	}
	h.confirm(o)
	names := h.at.names
	names.set(h.w, names.session, token, s.Expires.Sub(s.IssuedAt))
	names.set(h.w, names.challenge, "", 0)
	if asJSON {
		return problem.WriteJSON(h.w, h.r, http.StatusOK, "application/json", verified(s.Expires))
	}
	return h.redirect(home)
}

// verified is the body that tells of an open session.
func verified(end time.Time) statusBody {
	return statusBody{Verified: true, ExpiresAt: end.UTC().Format(time.RFC3339)}
}
