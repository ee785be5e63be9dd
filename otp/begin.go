package otp

import "time"

// joinWindow is the least time in which a browser without a ticket joins the newest challenge instead of beginning a
// challenge of its own: tabs that a browser opens at once cannot know of each other.
const joinWindow = 10 * time.Second

// begin finds the challenge for the browser that holds the ticket. With mayText, a browser without a challenge gets
// a new one, and a text is ordered.
func (a *account) begin(now time.Time, p Policy, t Ticket, mayText bool, to Recipient, fresh freshIDs) Outcome {
	t = a.ticketFor(t, to.key)
	if k := a.barred(now); k != "" {
		return a.outcome(k, now, p, a.challenge(t.Challenge))
	}
	if c := a.challenge(t.Challenge); c != nil && c.aliveFor(t.Browser, now) {
		return a.outcome(Waiting, now, p, c)
	}
	if c := a.joinable(now, p, to.key); c != nil {
		return a.outcome(Waiting, now, p, c)
	}
	if !mayText {
		return a.outcome(Idle, now, p, nil)
	}
	return a.send(now, p, Ticket{Browser: t.Browser}, to, fresh)
}

// joinable is the newest challenge, if it was texted to the phone, waits, and its text went out so recently that no
// other text may be sent; else nil.
func (a *account) joinable(now time.Time, p Policy, phone string) *Challenge {
	if len(a.Challenges) == 0 || !a.textedTo(phone) {
		return nil
	}
	c := &a.Challenges[len(a.Challenges)-1]
	recent := now.Before(a.lastAwaited().Add(max(p.ResendAfter, joinWindow)))
	if !recent || !c.waits(now) || a.latestText(c).Delivery.lost() {
		return nil
	}
	return c
}

// send orders a text: another text of the ticket's challenge while that challenge waits and the number is the same,
// and the first text of a new challenge otherwise.
func (a *account) send(now time.Time, p Policy, t Ticket, to Recipient, fresh freshIDs) Outcome {
	c := a.challenge(a.ticketFor(t, to.key).Challenge)
	if c != nil && !c.waits(now) {
		c = nil
	}
	if k := a.barred(now); k != "" {
		return a.outcome(k, now, p, c)
	}
	if a.wait(now, p) > 0 {
		return a.outcome(Limited, now, p, c)
	}
	a.moveTo(to.key)
	if c == nil {
		c = a.addChallenge(Challenge{ID: fresh.challenge, Begun: now, codeKey: fresh.codeKey})
	}
	d := a.dispatch(c, to, fresh.text)
	c.addText(d.ID)
	c.Expires = earlier(now.Add(p.CodeTTL), c.Begun.Add(MaxCodeTTL))
	a.Texts = append(a.Texts, Text{ID: d.ID, At: now, Delivery: DeliverySending, CodeBy: d.CodeBy})
	o := a.outcome(Sending, now, p, c)
	d.ExpiresIn, d.ordered = o.Standing.ExpiresIn, now
	o.Dispatch = d
	return o
}

// dispatch is the order for the next text of a challenge. While the code of an earlier text is usable, the next
// code shall have the same maker, so that the visitor may type either.
func (a *account) dispatch(c *Challenge, to Recipient, id string) Dispatch {
	d := Dispatch{ID: id, SkipSender: a.skipSender(), challenge: c.ID}
	earlier := a.codeText(c)
	if d.SameCodeBy = earlier.codeUsable(); d.SameCodeBy {
		d.CodeBy = earlier.CodeBy
		return d
	}
	d.CodeBy = to.codeBy(d.SkipSender)
	return d
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
