package otp

import "time"

// leaveFuture moves what lies in the future to now. The clock of the store was ahead when the account was written, and
// was put right since. Without this step, pauses, limits, blocks and challenges would last for as long as the clock
// was ahead, on top of the time that the policy names; so they last from now on for the time that the policy names.
func (a *account) leaveFuture(now time.Time) {
	for i := range a.Texts {
		t := &a.Texts[i]
		t.At, t.RetryAt = earlier(t.At, now), earlier(t.RetryAt, now.Add(longestRetry))
	}
	for i := range a.Challenges {
		c := &a.Challenges[i]
		c.Expires = c.Expires.Add(-ahead(c.Begun, now))
		c.Begun, c.opened = earlier(c.Begun, now), earlier(c.opened, now)
	}
	a.BlockedUntil = a.BlockedUntil.Add(-ahead(a.BlockedAt, now))
	a.BlockedAt = earlier(a.BlockedAt, now)
}

// ahead is how far a moment lies in the future; 0 when it does not.
func ahead(t, now time.Time) time.Duration { return max(t.Sub(now), 0) }
