package gate

import "net/http"

// logout ends the verification on every gateway, and the challenges that could open another one.
func (c *caller) logout() error {
	if crossOrigin.Check(c.r) != nil {
		return c.answer(c.unreadable(errCrossSite, ""))
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	if s := a.ownSession(); s != nil {
		if err := a.endSession(s); err != nil {
			return a.fault("session cannot be ended", err)
		}
		if err := a.endChallenges(); err != nil {
			return a.fault("challenges cannot be ended", err)
		}
		a.log.Info("signed out", a.fields()...)
	}
	names := a.at.names
	names.set(a.w, names.session, "", 0)
	names.set(a.w, names.challenge, "", 0)
	if a.submitted() || a.navigates() {
		return a.redirect(a.action("logout"))
	}
	a.w.WriteHeader(http.StatusNoContent)
	return nil
}
