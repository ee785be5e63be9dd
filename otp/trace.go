package otp

import (
	"context"
	"fmt"
	"time"
)

// Trace is what the store remembers of a subject, for an operator.
type Trace struct {
	WrongCodes int           // guesses in a row that were wrong
	BlockedFor time.Duration // how long a block still lasts
	Disabled   bool          // so many guesses in a row were wrong that only an operator can help
	Texts      int           // texts inside the longest window of the limits
	Challenges int           // challenges that have not expired
}

// Found reports whether the subject has left a trace: somebody passed the first factor under that name, not too long
// ago.
func (t Trace) Found() bool { return t.WrongCodes > 0 || t.Texts > 0 || t.Challenges > 0 }

// Trace finds what the store remembers of a subject, and changes nothing.
func (v *Verifier) Trace(ctx context.Context, s Subject, p Policy) (Trace, error) {
	rec, err := v.store.Get(ctx, v.keys.Account(s))
	if err != nil {
		return Trace{}, fmt.Errorf("reading account: %w", err)
	}
	a, err := v.decode(rec, p)
	if err != nil {
		return Trace{}, err
	}
	return Trace{
		WrongCodes: a.InARow, BlockedFor: max(a.BlockedUntil.Sub(rec.Now), 0), Disabled: a.disabled(),
		Texts: len(a.Texts), Challenges: len(a.Challenges),
	}, nil
}
