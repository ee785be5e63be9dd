package otp

import (
	"slices"
	"time"
)

// Text is one text message that was handed to a sender, or is about to be.
type Text struct {
	ID       string
	At       time.Time
	Delivery Delivery
	Maker    string // who made its code and checks it; "" is us. Before a sender has taken it, who will.
	Via      string // the sender that took it, "" until one has
	// RetryAt is before when no other one may be sent, because whoever refused this one asked for that; zero otherwise.
	RetryAt time.Time
	Ref     string // the provider's name for it, where somebody will ask for it
}

// joinWindow is the least time in which a browser without a ticket joins the challenge just begun instead of beginning
// its own: tabs that a browser opens at once cannot know of each other.
const joinWindow = 10 * time.Second

// begin finds the challenge to show to the holder of ticket. With auto, one without a challenge gets one, and a text.
func (a *Account) begin(now time.Time, p Policy, t Ticket, auto bool, to Recipient, fresh freshIDs) Outcome {
	if k := a.barred(now); k != "" {
		return a.outcome(k, now, p, a.challenge(t.Challenge))
	}
	if c := a.challenge(t.Challenge); c != nil && (c.waits(now) || c.answered(t.Browser, now)) {
		return a.outcome(Open, now, p, c)
	}
	if c := a.joinable(now, p); c != nil {
		return a.outcome(Open, now, p, c)
	}
	if !auto {
		return a.outcome(Idle, now, p, nil)
	}
	return a.send(now, p, Ticket{Browser: t.Browser}, to, fresh)
}

// joinable is the newest challenge, if its text was sent so recently that another one may not be.
func (a *Account) joinable(now time.Time, p Policy) *Challenge {
	if len(a.Challenges) == 0 {
		return nil
	}
	c := &a.Challenges[len(a.Challenges)-1]
	recent := now.Before(a.lastText().Add(max(p.ResendAfter, joinWindow)))
	if !recent || !c.waits(now) || a.latest(c).Delivery.lost() {
		return nil
	}
	return c
}

// send orders a text: another one with the same code while the ticket's challenge waits, the first one of a new
// challenge otherwise.
func (a *Account) send(now time.Time, p Policy, t Ticket, to Recipient, fresh freshIDs) Outcome {
	c := a.challenge(t.Challenge)
	if c != nil && !c.waits(now) {
		c = nil
	}
	if k := a.barred(now); k != "" {
		return a.outcome(k, now, p, c)
	}
	if a.wait(now, p) > 0 {
		return a.outcome(Limited, now, p, c)
	}
	if c == nil {
		c = a.add(Challenge{ID: fresh.challenge, Begun: now})
	}
	d := a.dispatch(c, to, fresh.text)
	c.order(d.ID)
	c.Expires = earlier(now.Add(p.CodeTTL), c.Begun.Add(MaxCodeTTL))
	a.Texts = append(a.Texts, Text{ID: d.ID, At: now, Delivery: DeliverySending, Maker: d.Maker})
	o := a.outcome(Sending, now, p, c)
	d.ExpiresIn = o.Standing.ExpiresIn
	o.Dispatch = d
	return o
}

// dispatch is the order for the next text of a challenge. While the code of an earlier one holds, the next one's is made by the same
// maker, so that both do.
func (a *Account) dispatch(c *Challenge, to Recipient, id string) Dispatch {
	d := Dispatch{ID: id, After: a.behind(), challenge: c.ID}
	earlier := a.held(c)
	if d.Keep = earlier.holds(); d.Keep {
		d.Maker = earlier.Maker
		return d
	}
	d.Maker = to.maker(d.After)
	return d
}

// holds reports whether a code that came with the text can be checked, and may have come.
func (t Text) holds() bool {
	return t.ID != "" && !t.Delivery.lost() && (t.Maker == "" || t.Ref != "" && t.Delivery != DeliverySending)
}

// held is the text whose code a challenge waits for: the latest that holds; where there is none, the latest that was not refused.
func (a *Account) held(c *Challenge) Text {
	kept := a.latest(c)
	for _, id := range slices.Backward(c.Texts) {
		switch t := a.text(id); {
		case t.holds():
			return t
		case kept.Delivery == DeliveryFailed && t.ID != "":
			kept = t
		}
	}
	return kept
}

// latest is the latest text of a challenge, whose way the visitor is told.
func (a *Account) latest(c *Challenge) Text {
	if len(c.Texts) == 0 {
		return Text{}
	}
	return a.text(c.Texts[len(c.Texts)-1])
}

// refs are the names by which a maker knows the texts of a challenge whose codes it made.
func (a *Account) refs(c *Challenge, maker string) []string {
	var refs []string
	for _, id := range c.Texts {
		if t := a.text(id); t.Maker == maker && t.Ref != "" && !slices.Contains(refs, t.Ref) {
			refs = append(refs, t.Ref)
		}
	}
	return refs
}

// text finds a text; the zero Text when it is gone.
func (a *Account) text(id string) Text {
	for _, t := range a.Texts {
		if t.ID == id {
			return t
		}
	}
	return Text{}
}

// add appends a challenge, in the place of the oldest when there are too many.
func (a *Account) add(c Challenge) *Challenge {
	if len(a.Challenges) >= maxChallenges {
		a.Challenges = slices.Delete(a.Challenges, 0, 1)
	}
	a.Challenges = append(a.Challenges, c)
	return &a.Challenges[len(a.Challenges)-1]
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
