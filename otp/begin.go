package otp

import (
	"cmp"
	"time"
)

// joinWindow is the least time in which a browser without a ticket joins the newest challenge instead of beginning a
// challenge of its own: tabs that a browser opens at once cannot know of each other.
const joinWindow = 10 * time.Second

// begin finds the challenge for the browser that holds the ticket. With mayText, a browser without a challenge gets
// a new one, and a text is ordered.
func (a *account) begin(now time.Time, p Policy, t Ticket, mayText bool, to Recipient, fresh freshIDs) Outcome {
	t = a.ticketFor(t, to)
	if k := a.barred(now); k != "" {
		return a.outcome(k, now, p, a.challenge(t.Challenge))
	}
	if c := a.challenge(t.Challenge); c != nil && c.aliveFor(t.Browser, now) {
		return a.outcome(Waiting, now, p, c)
	}
	if c := a.joinable(now, p, to); c != nil {
		return a.outcome(Waiting, now, p, c)
	}
	if !mayText {
		return a.outcome(Idle, now, p, nil)
	}
	return a.send(now, p, Ticket{Browser: t.Browser}, to, fresh)
}

// joinable is the newest challenge, if it waits and no other text may be sent: its text went out a moment ago, or a
// limit forbids another one. Else it is nil.
func (a *account) joinable(now time.Time, p Policy, to Recipient) *Challenge {
	recent := now.Before(a.lastAwaited().Add(max(p.ResendAfter, joinWindow)))
	if !recent && a.wait(now, p) == 0 {
		return nil
	}
	return a.newest(now, to)
}

// newest is the newest challenge, if it was texted to a phone of the recipient, waits, and its text is not lost; else
// nil.
func (a *account) newest(now time.Time, to Recipient) *Challenge {
	if len(a.Challenges) == 0 {
		return nil
	}
	c := &a.Challenges[len(a.Challenges)-1]
	if !to.has(c.Phone) || !c.waits(now) || a.latestText(c).Delivery.lost() {
		return nil
	}
	return c
}

// send orders a text: another text of the ticket's challenge while that challenge waits, its number is still one of
// the user's, and the visitor has chosen no other; and the first text of a new challenge otherwise. A code goes to one
// number only.
func (a *account) send(now time.Time, p Policy, t Ticket, to Recipient, fresh freshIDs) Outcome {
	c := a.challenge(a.ticketFor(t, to).Challenge)
	if c != nil && !c.waits(now) {
		c = nil
	}
	if k := a.barred(now); k != "" {
		return a.outcome(k, now, p, c)
	}
	if a.wait(now, p) > 0 {
		return a.outcome(Limited, now, p, c)
	}
	c, left := a.challengeOfText(now, c, to, fresh)
	d := a.dispatch(c, to, fresh.text)
	d.leaves = left
	c.addText(d.ID)
	c.Expires = earlier(now.Add(p.CodeTTL), c.Begun.Add(MaxCodeTTL))
	a.Texts = append(a.Texts, Text{ID: d.ID, At: now, Delivery: DeliverySending, CodeBy: d.CodeBy})
	o := a.outcome(Sending, now, p, c)
	d.ExpiresIn, d.ordered = o.Standing.ExpiresIn, now
	o.Dispatch = d
	return o
}

// challengeOfText is the challenge that a text belongs to: the one that waits, or a new one. left is the challenge
// that the visitor leaves for another number; it is over once the text is out, and goes on where none can be sent.
func (a *account) challengeOfText(
	now time.Time, waiting *Challenge, to Recipient, fresh freshIDs,
) (c *Challenge, left ChallengeID) {
	var id ChallengeID
	switch {
	case waiting != nil && to.leaves(waiting):
		left = waiting.ID
	case waiting != nil:
		id = waiting.ID
	}
	a.keepFor(to)
	if c = a.challenge(id); c == nil {
		c = a.addChallenge(Challenge{ID: fresh.challenge, Begun: now, codeKey: fresh.codeKey})
	}
	c.Phone = cmp.Or(c.Phone, to.key)
	a.Phone = c.Phone
	return c, left
}

// dispatch is the order for the next text of a challenge. While the code of an earlier text is usable, the next
// code shall have the same maker, so that the visitor may type either.
func (a *account) dispatch(c *Challenge, to Recipient, id string) Dispatch {
	d := Dispatch{ID: id, SkipSender: a.skipSender(), challenge: c.ID, phone: c.Phone}
	earlier := a.codeText(c)
	if d.SameCodeBy = earlier.codeUsable(); d.SameCodeBy {
		d.CodeBy = earlier.CodeBy
		return d
	}
	d.CodeBy = to.codeBy(c.Phone, d.SkipSender)
	return d
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
