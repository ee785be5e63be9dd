package otp

import "time"

// compare is what attempt reports when the guess may be compared. No caller outside the package gets to see it.
const compare Kind = "compare"

// attempt writes a guess down before anybody knows whether it is right. Only a guess that was written down is compared.
//
// A guess that was written down before may be compared again, even in the block that it brought about: it tells nothing
// new, and it is how the visitor gets in who double-clicked, or whose gateway died after counting. A code that is not ours
// may not, in a block: whoever made it would have to be asked again, as often as somebody likes.
func (a *Account) attempt(now time.Time, p Policy, t Ticket, m Mark) Outcome {
	c := a.challenge(t.Challenge)
	if c != nil && c.marked(m) && (a.barred(now) != "" && c.waits(now) && c.Maker == "" || c.answered(t.Browser, now)) {
		return a.outcome(compare, now, p, c)
	}
	if k := a.barred(now); k != "" {
		return a.outcome(k, now, p, c)
	}
	if c == nil || !c.waits(now) {
		return a.outcome(Expired, now, p, nil)
	}
	a.count(now, p)
	c.mark(m)
	return a.outcome(compare, now, p, c)
}

// open notes that the code of the ticket's challenge was right. It opens once: another browser is too late, and the same
// one is told what it already has. Only the right guess stays written down.
func (a *Account) open(now time.Time, p Policy, t Ticket, m Mark) Outcome {
	c := a.challenge(t.Challenge)
	if c == nil || !c.marked(m) || !c.waits(now) && !c.answered(t.Browser, now) {
		return a.outcome(Expired, now, p, nil)
	}
	if c.Opened.IsZero() {
		c.Opened, c.By, c.Marks = now, t.Browser, []Mark{m}
		a.forgive()
	}
	o := a.outcome(Right, now, p, c)
	o.OpenedAt = c.Opened
	return o
}

// wrong is the outcome of a guess that was counted, compared and wrong: the same as for any other guess if it was the one
// that led to a block.
func (a *Account) wrong(now time.Time, p Policy, t Ticket, m Mark) Outcome {
	c := a.challenge(t.Challenge)
	if c != nil && c.Maker != "" && c.marked(m) && c.answered(t.Browser, now) {
		return a.open(now, p, t, m) // its maker takes a code once, and a double click was faster
	}
	if k := a.barred(now); k != "" {
		return a.outcome(k, now, p, c)
	}
	return a.outcome(Wrong, now, p, c)
}

// revoke ends what is open, so that a code already on its way opens nothing after a logout.
func (a *Account) revoke() { a.Challenges = nil }

// unlock is the operator's word that the account may try again.
func (a *Account) unlock() { a.forgive() }
