package otp

import (
	"time"
)

// compare is what attempt reports when the guess may be compared. No caller outside the package gets to see it.
const compare Kind = "compare"

// mark is what is written down of a guess: enough to know it again, useless without the key.
type mark [8]byte

// marker makes the mark of a guess at a code that somebody made: a guess at one maker's code is not one at another's.
type marker func(codeBy string) mark

// attempt writes a guess down before anybody knows whether it is right. Only a guess that was written down is compared.
//
// A guess that was written down before may be compared again, even in the block that it brought about: it tells nothing
// new, and it is how the visitor gets in who double-clicked, or whose gateway died after counting. A code that is not ours
// may not, in a block: whoever made it would have to be asked again, as often as somebody likes.
func (a *account) attempt(now time.Time, p Policy, t Ticket, markFor marker) Outcome {
	c := a.challenge(t.Challenge)
	codeBy := a.codeBy(c)
	m := markFor(codeBy)
	if c != nil && c.marked(m) && (a.barred(now) != "" && c.waits(now) && codeBy == "" || c.answered(t.Browser, now)) {
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
func (a *account) open(now time.Time, p Policy, t Ticket, m mark) Outcome {
	c := a.challenge(t.Challenge)
	if c == nil || !c.marked(m) || !c.waits(now) && !c.answered(t.Browser, now) {
		return a.outcome(Expired, now, p, nil)
	}
	first := c.opened.IsZero()
	if first {
		c.opened, c.by, c.marks = now, t.Browser, []mark{m}
		a.forgive()
	}
	o := a.outcome(Right, now, p, c)
	o.OpenedAt, o.First = c.opened, first
	return o
}

// wrong is the outcome of a guess that was counted, compared and wrong: the same as for any other guess if it was the one
// that led to a block.
func (a *account) wrong(now time.Time, p Policy, t Ticket, m mark) Outcome {
	c := a.challenge(t.Challenge)
	if a.codeBy(c) != "" && c.marked(m) && c.answered(t.Browser, now) {
		return a.open(now, p, t, m) // its codeBy takes a code once, and a double click was faster
	}
	if k := a.barred(now); k != "" {
		return a.outcome(k, now, p, c)
	}
	return a.outcome(Wrong, now, p, c)
}

// maxUnanswered bounds the guesses that a challenge gives back.
const maxUnanswered = 3

// unanswer gives a guess back whose maker did not say whether it is right: nobody has learnt anything by it, and visitors are not
// blocked because a provider is down.
func (a *account) unanswer(now time.Time, p Policy, t Ticket, m mark) Outcome {
	c := a.challenge(t.Challenge)
	if c != nil && c.opened.IsZero() && c.unanswered < maxUnanswered && c.unmark(m) {
		c.unanswered++
		a.uncount(now, p)
	}
	return a.outcome(Waiting, now, p, c)
}
