package otp

import "time"

// compare is the kind of attempt's outcome when the guess may be compared. The verifier goes on with that, so no
// caller outside the package sees this kind.
const compare Kind = "compare"

// mark is what is written down of a guess: enough to recognize the same guess later, and useless without the key.
type mark [8]byte

// marker makes the mark of one guess, given the secret under which the challenge began, and the maker of the code that
// the challenge waits for. The same digits have
// another mark for each maker: a guess that was counted for one maker's code is no guess at another maker's code.
type marker func(codeKey, codeBy string) mark

// attempt writes a guess down before anybody knows whether the guess is right. Only a guess that is written down is
// compared.
func (a *account) attempt(now time.Time, p Policy, t Ticket, markFor marker) Outcome {
	c := a.challenge(t.Challenge)
	m := markFor(c.key(), a.codeBy(c))
	if a.mayRepeat(c, m, t.Browser, now) {
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

// mayRepeat reports whether a guess may be compared without being counted again, because it is written down already
// and a repetition tells the visitor nothing new. There are two such cases:
//
//   - The same browser opened the challenge with this guess a moment ago: a double click, or an answer that was
//     lost.
//   - The account is blocked, and the gate made the code: the gateway may have died after counting the right guess.
//     A code that a provider made is not repeated in a block, because each repetition would ask the provider once
//     more.
func (a *account) mayRepeat(c *Challenge, m mark, b BrowserID, now time.Time) bool {
	if c == nil || !c.marked(m) {
		return false
	}
	justOpened := c.justOpenedBy(b, now)
	barred := a.barred(now) != ""
	codeByGate := a.codeBy(c) == ""
	return justOpened || barred && codeByGate && c.waits(now)
}

// open notes that a guess was right. A challenge opens once: another browser is too late, and the browser that
// opened the challenge is told once more what it has. Of all guesses, only the right one stays written down.
func (a *account) open(now time.Time, p Policy, t Ticket, m mark) Outcome {
	c := a.challenge(t.Challenge)
	if c == nil || !c.marked(m) || !c.aliveFor(t.Browser, now) {
		return a.outcome(Expired, now, p, nil)
	}
	first := c.opened.IsZero()
	if first {
		c.opened, c.by, c.marks, c.stamp = now, t.Browser, []mark{m}, a.stamp(now)
		a.forgive()
		a.answer(c)
	}
	o := a.outcome(Right, now, p, c)
	o.OpenedAt, o.OpenedAgo, o.Stamp, o.First = c.opened, max(now.Sub(c.opened), 0), c.stamp, first
	return o
}

// wrong is the outcome of a guess that was counted, compared and found wrong. The guess that led to a block is told
// about the block, as any later guess is.
func (a *account) wrong(now time.Time, p Policy, t Ticket, m mark) Outcome {
	c := a.challenge(t.Challenge)
	codeByProvider := a.codeBy(c) != ""
	if codeByProvider && c.marked(m) && c.justOpenedBy(t.Browser, now) {
		return a.open(now, p, t, m) // a provider accepts a code once: this is the slower half of a double click
	}
	if k := a.barred(now); k != "" {
		return a.outcome(k, now, p, c)
	}
	return a.outcome(Wrong, now, p, c)
}

// maxUnanswered is how many guesses a challenge gives back.
const maxUnanswered = 3

// unanswer gives a guess back when the provider that made the code did not say whether the guess is right. Nobody
// has learnt anything by such a guess, and visitors shall not be blocked because a provider is down.
func (a *account) unanswer(now time.Time, p Policy, t Ticket, m mark) Outcome {
	c := a.challenge(t.Challenge)
	if c != nil && c.opened.IsZero() && c.unanswered < maxUnanswered && c.unmark(m) {
		c.unanswered++
		a.uncount(now, p)
	}
	return a.outcome(Waiting, now, p, c)
}
