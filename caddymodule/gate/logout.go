package gate

import (
	"html/template"
	"net/http"

	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/page"
)

// askLogout shows a page with a button to sign out, or says that nobody is signed in: also to a visitor whom the first
// factor no longer names. It changes nothing.
func (v *visitor) askLogout() error {
	if v.signedIn(v.r, v.repl, v.at) {
		view := v.plain(page.SignOut)
		view.LogoutURL = template.URL(v.action("logout"))
		return v.show(http.StatusOK, view)
	}
	if _, state := v.app.Backend().Recent(v.r.Context(), v.clock(), v.staleOK); v.carriesSession() && state == nil {
		return v.answer(problem.StoreUnavailable.After(problem.AfterOutage))
	}
	return v.show(http.StatusOK, v.plain(page.SignedOut))
}

// logout ends the verification on every gateway, and the challenges that could open another one. A session that has
// ended before is not ended again: nothing is written, however often such a request comes.
func (c *caller) logout() error {
	if crossOrigin.Check(c.r) != nil {
		return c.answer(c.unreadable(errCrossSite, ""))
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	for _, s := range a.ownSessions() {
		ended, err := a.endSession(&s)
		if err != nil {
			return a.fault("session cannot be ended", err)
		}
		if ended {
			a.log.Info("signed out", a.fields()...)
		}
	}
	return a.signedOut()
}

// logoutEverywhere ends all verifications of the account, in every browser and on every gateway, and its challenges.
// Only a visitor whose session lives may do that: the first factor alone does not sign anybody out. Like any form of a
// page, it must carry the proof of its page.
func (c *caller) logoutEverywhere() error {
	s, err := c.read()
	if err != nil {
		return c.answer(c.unreadable(err, ""))
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	if !a.trusts(s) {
		return a.answer(a.unreadable(a.unproved(), a.pseudonym()))
	}
	ended := false
	for _, s := range a.ownSessions() {
		one, err := a.endSessionsBy(&s)
		if err != nil {
			return a.fault("sessions cannot be ended", err)
		}
		ended = ended || one
	}
	if !ended {
		return a.answer(problem.VerificationRequired.Refusal())
	}
	a.log.Info("signed out everywhere", a.fields()...)
	return a.signedOut()
}

// signedOut takes the cookies away and says that nobody is signed in.
func (a *account) signedOut() error {
	names := a.at.names
	names.set(a.w, names.session, "", 0)
	names.set(a.w, names.challenge, "", 0)
	if len(a.formIDs()) > 0 {
		names.set(a.w, names.forms, "", 0)
	}
	if a.submitted() || a.navigates() {
		return a.redirect(a.action("logout"))
	}
	a.w.WriteHeader(http.StatusNoContent)
	return nil
}
