package otp

import (
	"slices"
	"time"
)

// maxChallenges is how many browsers of one account can wait for a code at once. A further challenge takes the
// place of the oldest.
const maxChallenges = 3

// memory is how long guesses and blocks are remembered when nothing happens: long enough that waiting is no way to
// get fresh guesses, and not for ever, because every record expires.
const memory = 400 * 24 * time.Hour

// account is all that is known of one subject. The zero value is a subject of which nothing is known.
type account struct {
	Counted      int       // guesses counted since the last block: the spent part of the budget
	InARow       int       // guesses counted since the last right code
	Blocks       int       // blocks since the last right code
	BlockedAt    time.Time // beginning of the latest block
	BlockedUntil time.Time // end of the latest block

	Phone      string      // the phone of the latest text, by the name under which its texts are counted
	Texts      []Text      // texts that a limit still counts, the newest last
	Challenges []Challenge // the newest last

	Stamp int64    // the latest stamp that a session or a revocation got, 0 when it is long ago
	Ends  []logEnd // what the log holds about sessions of the account that ended early
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

// addChallenge appends a challenge, and drops the oldest when there are too many.
func (a *account) addChallenge(c Challenge) *Challenge {
	if len(a.Challenges) >= maxChallenges {
		a.Challenges = slices.Delete(a.Challenges, 0, 1)
	}
	a.Challenges = append(a.Challenges, c)
	return &a.Challenges[len(a.Challenges)-1]
}

// ticketFor is a ticket whose challenge was texted to one of the recipient's phones. Where the numbers of the user
// have changed, the challenge of the ticket may be none any more: its code went to somebody else's phone.
func (a *account) ticketFor(t Ticket, to Recipient) Ticket {
	if c := a.challenge(t.Challenge); c != nil && !to.has(c.Phone) {
		t.Challenge = ChallengeID{}
	}
	return t
}

// keepFor ends the challenges that were texted to none of the recipient's phones.
func (a *account) keepFor(to Recipient) {
	a.Challenges = slices.DeleteFunc(a.Challenges, func(c Challenge) bool { return !to.has(c.Phone) })
}

// drop ends a challenge, if there is one of that ID.
func (a *account) drop(id ChallengeID) {
	a.Challenges = slices.DeleteFunc(a.Challenges, func(c Challenge) bool { return c.ID == id })
}

// expire drops texts and challenges that are over, and gives up texts that nobody is sending any more. Counters stay.
func (a *account) expire(now time.Time, p Policy) {
	a.leaveFuture(now)
	a.giveUp(now)
	a.Texts = slices.DeleteFunc(a.Texts, func(t Text) bool { return !now.Before(t.counted(p)) })
	a.Challenges = slices.DeleteFunc(a.Challenges, func(c Challenge) bool { return c.expired(now) })
	a.Ends = slices.DeleteFunc(a.Ends, func(e logEnd) bool { return !e.Until.After(now) })
	if now.Sub(time.UnixMilli(a.Stamp)) > stampMemory {
		a.Stamp = 0
	}
}

// expires is when the store may forget the account: when all that the account holds is over.
func (a *account) expires(now time.Time, p Policy) time.Time {
	end := now
	if a.InARow > 0 || a.Blocks > 0 {
		end = now.Add(memory)
	}
	for _, t := range a.Texts {
		end = later(end, t.counted(p))
	}
	for _, c := range a.Challenges {
		end = later(end, c.Expires)
	}
	for _, e := range a.Ends {
		end = later(end, e.Until)
	}
	if a.Stamp > 0 {
		end = later(end, now.Add(stampMemory))
	}
	return end
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// unlock forgives all guesses and blocks, and lifts the limits of texts, on an operator's word.
func (a *account) unlock() {
	a.forgive()
	for i := range a.Texts {
		a.Texts[i].Lifted = true
	}
}
