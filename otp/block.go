package otp

import "time"

// count counts one guess, which is taken for wrong until it turns out right: a visitor who interrupts the check wins
// nothing.
func (a *account) count(now time.Time, p Policy) {
	a.Counted++
	a.InARow++
	if a.Counted < p.Attempts {
		return
	}
	a.Counted = 0
	a.BlockedAt, a.BlockedUntil = now, now.Add(blockLength(p.Block, a.Blocks))
	a.Blocks++
}

// uncount takes one guess back, and with it the block that the guess led to.
func (a *account) uncount(now time.Time, p Policy) {
	if a.InARow == 0 {
		return // a right code has forgiven the guess
	}
	a.InARow--
	if a.Counted == 0 && a.blocked(now) {
		a.Counted, a.BlockedAt, a.BlockedUntil = p.Attempts, time.Time{}, time.Time{}
		a.Blocks--
	}
	a.Counted = max(a.Counted-1, 0)
}

// blockLength is the length of the block that follows n earlier blocks: each is twice as long, up to MaxBlock.
func blockLength(first time.Duration, n int) time.Duration {
	length := first
	for range n {
		if length *= 2; length >= MaxBlock {
			return MaxBlock
		}
	}
	return length
}

// forgive forgets all wrong codes and blocks, as a right code does (NIST SP 800-63B 3.2.2) and an operator may.
func (a *account) forgive() {
	a.Counted, a.InARow, a.Blocks, a.BlockedAt, a.BlockedUntil = 0, 0, 0, time.Time{}, time.Time{}
}

func (a *account) blocked(now time.Time) bool { return now.Before(a.BlockedUntil) }

func (a *account) disabled() bool { return a.InARow >= MaxInARow }

// barred is the kind of bar before the account, Blocked or Disabled; "" when the account is free.
func (a *account) barred(now time.Time) Kind {
	switch {
	case a.disabled():
		return Disabled
	case a.blocked(now):
		return Blocked
	}
	return ""
}
