package otp

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// step is one of the pure steps of an account.
type step func(a *account, now time.Time) Outcome

// run changes the subject's account by a step, and returns the record as it then is. known is the account's record
// if the caller has just read or written it, and saves a read; nil otherwise.
func (v *Verifier) run(
	ctx context.Context, s Subject, known *store.Record, p Policy, f step,
) (Outcome, store.Record, error) {
	return v.runKey(ctx, v.keys.Account(s), known, p, f)
}

// runKey is run for an account of which only the name of the record is known.
func (v *Verifier) runKey(
	ctx context.Context, key string, known *store.Record, p Policy, f step,
) (Outcome, store.Record, error) {
	var o Outcome
	rec, err := store.Change(ctx, v.store, key, known, func(old store.Record) ([]byte, time.Time, error) {
		a, err := v.decode(old, p)
		if err != nil {
			return nil, time.Time{}, err
		}
		o = f(&a, old.Now)
		next, err := a.encode()
		return next, a.expires(old.Now, p), err
	})
	if err != nil {
		return Outcome{}, rec, fmt.Errorf("changing account: %w", err)
	}
	return o, rec, nil
}

// judge runs a step that only looks at a record: nothing is written.
func (v *Verifier) judge(rec store.Record, p Policy, f step) (Outcome, error) {
	a, err := v.decode(rec, p)
	if err != nil {
		return Outcome{}, err
	}
	return f(&a, rec.Now), nil
}

// decode reads an account without what is over: by the time of the record, or because the secret of a challenge is no
// longer listed.
func (v *Verifier) decode(rec store.Record, p Policy) (account, error) {
	a, err := decode(rec.Data)
	if err != nil {
		return account{}, err
	}
	a.expire(rec.Now, p)
	a.Challenges = slices.DeleteFunc(a.Challenges, func(c Challenge) bool { return !v.keys.derives(c) })
	return a, nil
}
