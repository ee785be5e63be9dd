package otp

import (
	"context"
	"slices"
	"time"
)

// maxEnds is how many entries about one account the log of revocations holds: when so many sessions of an account have
// ended early, the next end is one of all sessions of the account, and takes the place of the entries.
const maxEnds = 8

// stampMemory is how long the latest stamp of an account is remembered: longer than a clock is put back by.
const stampMemory = 24 * time.Hour

// Ending is an end of sessions that the account has noted and that is still to be written to the log of revocations.
type Ending struct {
	// All tells that every session of the subject ends whose stamp is Stamp or earlier; otherwise one session ends.
	All bool
	// Stamp is the place of the ending among the openings and endings of the account: a session that is opened later
	// has a greater stamp, whatever the clocks say.
	Stamp int64
	// At is the time of the ending on the clock of the store.
	At time.Time
	// Replaces are the positions in the log of the earlier entries that this ending makes needless.
	Replaces []string
}

// logEnd is an entry of the log that ends sessions of the account.
type logEnd struct {
	Position string
	Until    time.Time
}

// stamp draws the next stamp: the time in milliseconds, or one more than the latest stamp where the clock stands still
// or was put back.
func (a *account) stamp(now time.Time) int64 {
	a.Stamp = max(now.UnixMilli(), a.Stamp+1)
	return a.Stamp
}

// endOne finds what is to be written to the log so that one session ends. Challenges end as well, so that a code on
// its way to the phone opens nothing.
func (a *account) endOne(now time.Time) Ending {
	a.endChallenges()
	return a.ending(len(a.Ends) >= maxEnds, a.stamp(now), now)
}

// endAll finds what is to be written to the log so that every session of the account ends, and ends the challenges.
func (a *account) endAll(now time.Time) Ending {
	a.endChallenges()
	return a.ending(true, a.stamp(now), now)
}

// endChallenges ends all challenges. Nobody waits for their codes any more: the next text asks for something else, and
// need not keep the pause.
func (a *account) endChallenges() {
	for i := range a.Challenges {
		a.answer(&a.Challenges[i])
	}
	a.Challenges = nil
}

// replace finds what is to be written to the log so that a session ends in whose place another one was opened, with
// the stamp opened. The later session, and the challenge that opened it, live on.
func (a *account) replace(now time.Time, opened int64) Ending {
	return a.ending(opened > 0 && len(a.Ends) >= maxEnds, opened-1, now)
}

func (a *account) ending(all bool, stamp int64, now time.Time) Ending {
	e := Ending{All: all, Stamp: stamp, At: now}
	if all {
		for _, old := range a.Ends {
			e.Replaces = append(e.Replaces, old.Position)
		}
	}
	return e
}

// ended notes where in the log an ending stands.
func (a *account) ended(e Ending, position string, until time.Time) {
	a.Ends = slices.DeleteFunc(a.Ends, func(old logEnd) bool { return slices.Contains(e.Replaces, old.Position) })
	a.Ends = append(a.Ends, logEnd{position, until})
}

// EndOne ends every challenge of the subject, waiting or opened, and finds what the caller has to write to the log of
// revocations so that one session of the subject ends. The caller then calls Ended, here and below.
func (v *Verifier) EndOne(ctx context.Context, s Subject, p Policy) (Ending, error) {
	return v.end(ctx, s, p, (*account).endOne)
}

// EndAll ends every challenge of the subject, and finds what has to be written so that all its sessions end.
func (v *Verifier) EndAll(ctx context.Context, s Subject, p Policy) (Ending, error) {
	return v.end(ctx, s, p, (*account).endAll)
}

// EndOthers is EndAll for a subject one of whose sessions goes on: it goes on when it is minted anew with the stamp
// later.
func (v *Verifier) EndOthers(ctx context.Context, s Subject, p Policy) (e Ending, later int64, err error) {
	e, err = v.end(ctx, s, p, func(a *account, now time.Time) Ending {
		all := a.endAll(now)
		later = a.stamp(now)
		return all
	})
	return e, later, err
}

// Replace finds what has to be written so that a session of the subject ends whose browser has opened another session
// since, with the stamp opened.
func (v *Verifier) Replace(ctx context.Context, s Subject, p Policy, opened int64) (Ending, error) {
	return v.end(ctx, s, p, func(a *account, now time.Time) Ending { return a.replace(now, opened) })
}

func (v *Verifier) end(
	ctx context.Context, s Subject, p Policy, step func(*account, time.Time) Ending,
) (Ending, error) {
	var e Ending
	_, _, err := v.run(ctx, s, nil, p, func(a *account, now time.Time) Outcome {
		e = step(a, now)
		return Outcome{}
	})
	return e, err
}

// Ended notes the position at which an ending stands in the log, and until when the log keeps it.
func (v *Verifier) Ended(ctx context.Context, s Subject, p Policy, e Ending, position string, until time.Time) error {
	_, _, err := v.run(ctx, s, nil, p, func(a *account, _ time.Time) Outcome {
		a.ended(e, position, until)
		return Outcome{}
	})
	return err
}
