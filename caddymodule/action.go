package caddymodule

import (
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// verify checks a code. The right one opens the session; the visitor goes on to what was asked for.
func (v *visit) verify() error {
	if err := v.reach(); err != nil {
		return v.fault("store does not answer", err)
	}
	s, err := v.read()
	if err != nil {
		return v.unreadable(err)
	}
	if _, err := v.findNumber(); err != nil {
		return v.fault("directory does not answer", err)
	}
	o, err := v.verifier.Check(v.ctx, v.subject, v.ticket, v.policy, s.code)
	if err == nil && o.Kind == otp.Asking {
		o, err = v.decide(o, s.code)
		defer v.again()()
	}
	if err != nil && sms.IsError(err) {
		return v.unanswered(err)
	}
	if err != nil {
		return v.fault("code cannot be checked", err)
	}
	v.noteCheck(o)
	if o.Kind != otp.Right {
		return v.showOutcome(v.withChallenge(o))
	}
	return v.enter(o, s.json)
}

// withChallenge keeps the ticket's challenge where an outcome names none, so that a refusal does not cost the ticket.
func (v *visit) withChallenge(o otp.Outcome) otp.Outcome {
	if o.Challenge.ID == (otp.ChallengeID{}) && o.Kind != otp.Expired {
		o.Challenge.ID = v.ticket.Challenge
	}
	return o
}

func (v *visit) noteCheck(o otp.Outcome) {
	metrics.checks.WithLabelValues(string(o.Kind)).Inc()
	fields := []zap.Field{
		zap.String("result", string(o.Kind)), zap.String("zone", v.Zone), zap.String("account", v.account()),
		zap.Int("attempts_left", o.Standing.AttemptsLeft), clientIP(v.r),
	}
	switch o.Kind {
	case otp.Right:
		v.log.Info("code right", fields...)
	case otp.Blocked, otp.Disabled:
		v.log.Warn("account blocked", append(fields, zap.Duration("blocked_for", o.Standing.BlockedFor))...)
	default:
		v.log.Warn("code wrong", fields...)
	}
}

// enter gives the browser its session, and ends the one it may have had before (OWASP ASVS 7.2.4).
func (v *visit) enter(o otp.Outcome, asJSON bool) error {
	now := v.app.now()
	s := session.Session{
		ID: o.Session, Subject: v.account(), Zone: v.Zone, Epoch: v.epoch, Bind: boundTo(v.verifier.Keys(), v.bind),
		AuthTime: o.OpenedAt, IssuedAt: now, Expires: v.expiry(o.OpenedAt, now),
	}
	token, err := v.app.realm.keys.Load().tokens.Mint(s)
	if err != nil {
		return v.fault("session cannot be signed", err)
	}
	v.endEarlier(s.ID)
	v.confirm(o)
	names := v.place.names
	names.set(v.w, names.session, token, s.Expires.Sub(now))
	names.set(v.w, names.challenge, "", 0)
	if asJSON {
		end := s.Expires.UTC().Format(time.RFC3339)
		return writeJSON(v.w, v.r, http.StatusOK, "application/json", statusBody{Verified: true, ExpiresAt: end})
	}
	return v.redirect(v.place.home())
}

// endEarlier revokes the session that the new one replaces. If that fails, it still ends with its own time.
func (v *visit) endEarlier(opened string) {
	old := v.ownSession()
	if old == nil || old.ID == opened {
		return
	}
	if err := v.revoke(old); err != nil {
		v.log.Warn("earlier session could not be ended", zap.String("account", v.account()), zap.Error(err))
	}
}

// ownSession is the session in the request's cookie, if it is this visitor's, whether or not it still opens this route.
func (v *visit) ownSession() *session.Session {
	token, ok := onlyCookie(v.cookieLines(v.r), v.place.names.session)
	if !ok {
		return nil
	}
	s, err := v.app.realm.keys.Load().tokens.Read(token, v.Zone)
	if err != nil || s.Subject != v.account() {
		return nil
	}
	return &s
}

// revoke ends a session on every gateway. The entry outlives every token that any gate of ours could have renewed it by.
func (v *visit) revoke(s *session.Session) error {
	until := s.AuthTime.Add(v.app.longest)
	if s.Expires.After(until) {
		until = s.Expires
	}
	return v.app.realm.view().Revoke(v.ctx, session.Revocation{Session: s.ID, Until: until.Unix() + 1})
}

// send sends a text, or sends it again.
func (v *visit) send() error {
	if err := v.reach(); err != nil {
		return v.fault("store does not answer", err)
	}
	s, err := v.read()
	if err != nil {
		return v.unreadable(err)
	}
	found, err := v.findNumber()
	if err != nil {
		return v.fault("directory does not answer", err)
	}
	if !found {
		return v.answer(noPhone.refusal())
	}
	place := v.app.realm.outbox.reserve(v.app.inFlight())
	if place == nil {
		return v.tooBusy()
	}
	defer place.release()
	o, err := v.verifier.Send(v.ctx, v.subject, v.ticket, v.policy, v.recipient())
	if err != nil {
		return v.fault("text cannot be counted", err)
	}
	if o.Kind != otp.Sending {
		return v.showOutcome(o)
	}
	o = v.deliver(o, place)
	if o.Standing.Delivery == otp.DeliveryFailed && s.json {
		return v.showOutcome(o)
	}
	v.keepTicket(o)
	if s.json {
		return writeJSON(v.w, v.r, http.StatusAccepted, "application/json", v.statusOfChallenge(o))
	}
	return v.redirect(v.place.home())
}

// logout ends the verification on every gateway, and the challenges that could open another one.
func (v *visit) logout() error {
	if crossOrigin.Check(v.r) != nil {
		return v.unreadable(errCrossSite)
	}
	if err := v.reach(); err != nil {
		return v.fault("store does not answer", err)
	}
	if s := v.ownSession(); s != nil {
		if err := v.revoke(s); err != nil {
			return v.fault("session cannot be ended", err)
		}
		if err := v.verifier.Revoke(v.ctx, v.subject, v.policy); err != nil {
			return v.fault("challenges cannot be ended", err)
		}
		v.log.Info("signed out", zap.String("zone", v.Zone), zap.String("account", v.account()), clientIP(v.r))
	}
	v.place.names.set(v.w, v.place.names.session, "", 0)
	v.place.names.set(v.w, v.place.names.challenge, "", 0)
	if v.form() || v.navigation() {
		return v.redirect(v.action("logout"))
	}
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}
