package otp

import (
	"slices"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Text is one text message that was handed to a sender, or is about to be.
type Text struct {
	ID     string
	At     time.Time
	Failed bool // surely not accepted: it counts neither for the pause nor for the limits
}

// Dispatch is an order to send one text. The caller sends it once, and then tells the verifier how it went.
type Dispatch struct {
	ID        string // names this send; a provider may see it
	Code      string
	ExpiresIn time.Duration

	challenge ChallengeID
	phone     string
}

// joinWindow is the least time in which a browser without a ticket joins the challenge just begun instead of beginning
// its own: tabs that a browser opens at once cannot know of each other.
const joinWindow = 10 * time.Second

// begin finds the challenge to show to the holder of ticket. With auto, one without a challenge gets one, and a text.
func (a *Account) begin(now time.Time, p Policy, t Ticket, auto bool, fresh freshIDs) Outcome {
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
	return a.send(now, p, Ticket{Browser: t.Browser}, fresh)
}

// joinable is the newest challenge, if its text was sent so recently that another one may not be.
func (a *Account) joinable(now time.Time, p Policy) *Challenge {
	if len(a.Challenges) == 0 {
		return nil
	}
	c := &a.Challenges[len(a.Challenges)-1]
	recent := now.Before(a.lastText().Add(max(p.ResendAfter, joinWindow)))
	if !recent || !c.waits(now) || c.Delivery == DeliveryFailed {
		return nil
	}
	return c
}

// send orders a text: another one with the same code while the ticket's challenge waits, the first one of a new
// challenge otherwise.
func (a *Account) send(now time.Time, p Policy, t Ticket, fresh freshIDs) Outcome {
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
	c.Delivery = DeliverySending
	c.Expires = earlier(now.Add(p.CodeTTL), c.Begun.Add(MaxCodeTTL))
	a.Texts = append(a.Texts, Text{ID: fresh.text, At: now})
	o := a.outcome(Sending, now, p, c)
	o.Dispatch = Dispatch{ID: fresh.text, ExpiresIn: o.Standing.ExpiresIn, challenge: c.ID}
	return o
}

// add appends a challenge, in the place of the oldest when there are too many.
func (a *Account) add(c Challenge) *Challenge {
	if len(a.Challenges) >= maxChallenges {
		a.Challenges = slices.Delete(a.Challenges, 0, 1)
	}
	a.Challenges = append(a.Challenges, c)
	return &a.Challenges[len(a.Challenges)-1]
}

// settle notes how a text went.
func (a *Account) settle(d Dispatch, went Delivery) {
	for i := range a.Texts {
		if a.Texts[i].ID == d.ID {
			a.Texts[i].Failed = went == DeliveryFailed
		}
	}
	if c := a.challenge(d.challenge); c != nil {
		c.Delivery = went
	}
}

// wait is how long until the next text may be sent: after the pause, and inside every limit.
func (a *Account) wait(now time.Time, p Policy) time.Duration {
	var sent, failed []time.Time
	for _, t := range a.Texts {
		if t.Failed {
			failed = append(failed, t.At)
			continue
		}
		sent = append(sent, t.At)
	}
	wait := max(a.lastText().Add(p.ResendAfter).Sub(now), room(failed, failedSends, now))
	for _, l := range p.Sends {
		wait = max(wait, room(sent, l, now))
	}
	return max(wait, 0)
}

// room is how long until the limit has room for one more; at is in the order of time.
func room(at []time.Time, l store.Limit, now time.Time) time.Duration {
	if len(at) < l.Max {
		return 0
	}
	return at[len(at)-l.Max].Add(l.Per).Sub(now)
}

// lastText is when the latest text was sent that did not fail, zero before the first.
func (a *Account) lastText() time.Time {
	for _, t := range slices.Backward(a.Texts) {
		if !t.Failed {
			return t.At
		}
	}
	return time.Time{}
}

// window is the longest time in which a text counts for anything.
func window(limits []store.Limit) time.Duration {
	longest := failedSends.Per
	for _, l := range limits {
		longest = max(longest, l.Per)
	}
	return longest
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
