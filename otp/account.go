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

// account is everything about one subject. The zero value is a subject that nothing is known of.
type account struct {
	Counted      int       // guesses counted since the last block: the spent part of the budget
	InARow       int       // guesses counted since the last right code
	Blocks       int       // blocks since the last right code
	BlockedUntil time.Time // end of the latest block

	Texts      []Text      // texts inside the longest window of the limits
	Challenges []Challenge // the newest last
}

// challenge finds the challenge of a ticket, or nil.
func (a *account) challenge(id ChallengeID) *Challenge {
	for i := range a.Challenges {
		if a.Challenges[i].ID == id {
			return &a.Challenges[i]
		}
	}
	return nil
}

// addChallenge appends a challenge, in the place of the oldest when there are too many.
func (a *account) addChallenge(c Challenge) *Challenge {
	if len(a.Challenges) >= maxChallenges {
		a.Challenges = slices.Delete(a.Challenges, 0, 1)
	}
	a.Challenges = append(a.Challenges, c)
	return &a.Challenges[len(a.Challenges)-1]
}

// expire drops what is over. Counters stay.
func (a *account) expire(now time.Time, p Policy) {
	horizon := now.Add(-window(p.Sends))
	a.Texts = slices.DeleteFunc(a.Texts, func(t Text) bool { return !t.At.After(horizon) })
	a.Challenges = slices.DeleteFunc(a.Challenges, func(c Challenge) bool { return c.expired(now) })
}

// expires is when the whole record may be forgotten: never before anything in it is.
func (a *account) expires(now time.Time, p Policy) time.Time {
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

// revoke ends what is open, so that a code already on its way opens nothing after a logout.
func (a *account) revoke() { a.Challenges = nil }

// unlock is the operator's word that the account may try again.
func (a *account) unlock() { a.forgive() }
