package otp

import "time"

// count writes one guess down as wrong. It is, until it turns out right: whoever interrupts the check wins nothing.
func (a *Account) count(now time.Time, p Policy) {
	a.Wrong++
	a.InARow++
	if a.Wrong < p.Attempts {
		return
	}
	a.Wrong = 0
	a.BlockedUntil = now.Add(blockLength(p.Block, a.Blocks))
	a.Blocks++
}

// uncount takes one guess back, and the block that it led to.
func (a *Account) uncount(now time.Time, p Policy) {
	if a.InARow == 0 {
		return // a right code has forgiven it
	}
	a.InARow--
	if a.Wrong == 0 && a.blocked(now) {
		a.Wrong, a.BlockedUntil = p.Attempts, time.Time{}
		a.Blocks--
	}
	a.Wrong = max(a.Wrong-1, 0)
}

// blockLength is the length of the block that follows n earlier ones: it doubles, up to MaxBlock.
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
func (a *Account) forgive() {
	a.Wrong, a.InARow, a.Blocks, a.BlockedUntil = 0, 0, 0, time.Time{}
}

func (a *Account) blocked(now time.Time) bool { return now.Before(a.BlockedUntil) }

func (a *Account) disabled() bool { return a.InARow >= MaxInARow }

// barred is the kind of bar that stands before the account, or "".
func (a *Account) barred(now time.Time) Kind {
	switch {
	case a.disabled():
		return Disabled
	case a.blocked(now):
		return Blocked
	}
	return ""
}
