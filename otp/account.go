package otp

import (
	"slices"
	"time"
)

// maxChallenges is how many browsers of one account can wait for a code at once; a further one takes the oldest's place.
const maxChallenges = 3

// memory is how long wrong codes and blocks are remembered when nothing happens: long enough that waiting is no way to
// get fresh guesses, and not for ever, because every record expires.
const memory = 400 * 24 * time.Hour

// Account is everything about one subject. The zero value is a subject that nothing is known of.
type Account struct {
	Wrong        int       // wrong codes since the last block: the spent part of the budget
	InARow       int       // wrong codes since the last right one
	Blocks       int       // blocks since the last right code
	BlockedUntil time.Time // end of the latest block

	Texts      []Text      // texts inside the longest window of the limits
	Challenges []Challenge // the newest last
}

// expire drops what is over. Counters stay.
func (a *Account) expire(now time.Time, p Policy) {
	horizon := now.Add(-window(p.Sends))
	a.Texts = slices.DeleteFunc(a.Texts, func(t Text) bool { return !t.At.After(horizon) })
	a.Challenges = slices.DeleteFunc(a.Challenges, func(c Challenge) bool { return c.expired(now) })
}

// expires is when the whole record may be forgotten: never before anything in it is.
func (a *Account) expires(now time.Time, p Policy) time.Time {
	end := now
	if a.InARow > 0 || a.Blocks > 0 {
		end = now.Add(memory)
	}
	for _, t := range a.Texts {
		end = later(end, t.At.Add(window(p.Sends)))
	}
	for _, c := range a.Challenges {
		end = later(end, c.Expires)
	}
	return end
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// challenge finds the challenge of a ticket, or nil.
func (a *Account) challenge(id ChallengeID) *Challenge {
	for i := range a.Challenges {
		if a.Challenges[i].ID == id {
			return &a.Challenges[i]
		}
	}
	return nil
}

// standing is what the visitor with this challenge may know; c may be nil.
func (a *Account) standing(now time.Time, p Policy, c *Challenge) Standing {
	s := Standing{
		AttemptsLeft: max(p.Attempts-a.Wrong, 0),
		BlockedFor:   max(a.BlockedUntil.Sub(now), 0),
		ResendIn:     a.wait(now, p),
	}
	if c != nil {
		s.ExpiresIn = max(c.Expires.Sub(now), 0)
		s.Delivery = a.latest(c).Delivery.told()
	}
	return s
}

// outcome wraps up a step.
func (a *Account) outcome(k Kind, now time.Time, p Policy, c *Challenge) Outcome {
	o := Outcome{Kind: k, Standing: a.standing(now, p, c)}
	if c != nil {
		o.Challenge, o.Text = *c, a.held(c)
		o.Refs = a.refs(c, o.Text.Maker)
	}
	return o
}
