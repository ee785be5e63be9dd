package otp

import (
	"context"
	"fmt"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// step is one of the pure steps of an account.
type step func(a *account, now time.Time) Outcome

// run changes the subject's account by a step. known saves a read when the caller holds the record already.
func (v *Verifier) run(ctx context.Context, s Subject, known *store.Record, p Policy, f step) (Outcome, store.Record, error) {
	return v.runKey(ctx, v.keys.Account(s), known, p, f)
}

func (v *Verifier) runKey(ctx context.Context, key string, known *store.Record, p Policy, f step) (Outcome, store.Record, error) {
	var o Outcome
	rec, err := store.Change(ctx, v.store, key, known, func(old store.Record) ([]byte, time.Time, error) {
		a, err := decode(old.Data)
		if err != nil {
			return nil, time.Time{}, err
		}
		a.expire(old.Now, p)
		o = f(&a, old.Now)
		next, err := a.encode()
		return next, a.expires(old.Now, p), err
	})
	if err != nil {
		return Outcome{}, rec, fmt.Errorf("changing account: %w", err)
	}
	return o, rec, nil
}

// judge runs a step on a record that is not written again.
func (v *Verifier) judge(rec store.Record, p Policy, f step) (Outcome, error) {
	a, err := decode(rec.Data)
	if err != nil {
		return Outcome{}, err
	}
	a.expire(rec.Now, p)
	return f(&a, rec.Now), nil
}
