package gate

// lookAgain shows how the account stands now, and sends no text: the page goes there by itself when a wait is over,
// and no person may be there.
func (c *caller) lookAgain() error {
	if c.admitted() != nil && !c.changes() {
		return c.redirect(c.home())
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	h, err := a.lookUp()
	switch {
	case err != nil:
		return a.cannotTell(err)
	case h.stays:
		return h.redirect(h.accountAddress())
	case h.number == "":
		return h.numberless()
	}
	return h.showChallenge(h.look())
}
