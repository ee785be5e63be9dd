package otp

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Verifier runs the steps of accounts on the records of a store. It holds no state of its own, so any number of them, in
// any number of processes, may work on one store. Every error is a fault of the store, or ErrRecord; after one, the
// answer to the visitor is no.
type Verifier struct {
	store store.Store
	keys  *Keys
	rand  io.Reader
}

// NewVerifier returns a verifier for the accounts that keys name in s. rand must be cryptographically secure.
func NewVerifier(s store.Store, keys *Keys, rand io.Reader) *Verifier {
	return &Verifier{store: s, keys: keys, rand: rand}
}

// Keys are the keys of the verifier's accounts.
func (v *Verifier) Keys() *Keys { return v.keys }

// Look finds how things stand, and changes nothing.
func (v *Verifier) Look(ctx context.Context, s Subject, t Ticket, p Policy) (Outcome, error) {
	return v.begin(ctx, s, t, p, Recipient{}, false)
}

// Begin finds the challenge of the ticket, or begins one for the recipient. A challenge that waits is found again, whoever
// asks; so reloads, second tabs and parallel requests cost no second text. When the outcome is Sending, the caller sends
// Outcome.Dispatch and calls Settle.
func (v *Verifier) Begin(ctx context.Context, s Subject, t Ticket, p Policy, to Recipient) (Outcome, error) {
	return v.begin(ctx, s, t, p, to, true)
}

func (v *Verifier) begin(ctx context.Context, s Subject, t Ticket, p Policy, to Recipient, auto bool) (Outcome, error) {
	fresh, err := v.fresh()
	if err != nil {
		return Outcome{}, err
	}
	o, _, err := v.run(ctx, s, nil, p, func(a *Account, now time.Time) Outcome { return a.begin(now, p, t, auto, to, fresh) })
	if err != nil || o.Kind != Sending {
		return o, err
	}
	return v.order(ctx, s, p, to.Phone, o)
}

// Send orders a text for the ticket's challenge, with the same code as before, or begins a new challenge when none waits.
func (v *Verifier) Send(ctx context.Context, s Subject, t Ticket, p Policy, to Recipient) (Outcome, error) {
	fresh, err := v.fresh()
	if err != nil {
		return Outcome{}, err
	}
	o, _, err := v.run(ctx, s, nil, p, func(a *Account, now time.Time) Outcome { return a.send(now, p, t, to, fresh) })
	if err != nil || o.Kind != Sending {
		return o, err
	}
	return v.order(ctx, s, p, to.Phone, o)
}

// order completes a dispatch that the account allows, if the phone allows it too: several accounts may share one.
func (v *Verifier) order(ctx context.Context, s Subject, p Policy, phone string, o Outcome) (Outcome, error) {
	o.Dispatch.phone = v.keys.Phone(phone)
	o.Dispatch.Code = v.keys.Code(s, o.Challenge.ID, p.CodeLength)
	wait, err := v.store.Take(ctx, o.Dispatch.phone, o.Dispatch.ID, p.Sends)
	if err == nil && wait == 0 {
		return o, nil
	}
	limited, _, settleErr := v.settle(ctx, s, p, o.Dispatch, Handover{Delivery: DeliveryFailed})
	if err := errors.Join(err, settleErr); err != nil {
		return Outcome{}, fmt.Errorf("counting text: %w", err)
	}
	limited.Kind = Limited
	limited.Standing.ResendIn = max(limited.Standing.ResendIn, wait)
	return limited, nil
}

// Settle notes how a dispatch went, and returns how the account stands then. A text that surely was not accepted counts for
// nothing, and may be sent again at once, or when whoever refused it wants that.
func (v *Verifier) Settle(ctx context.Context, s Subject, p Policy, d Dispatch, h Handover) (Standing, error) {
	o, rec, err := v.settle(ctx, s, p, d, h)
	switch {
	case err != nil:
	case h.Delivery == DeliveryFailed:
		err = v.store.Give(ctx, d.phone, d.ID)
	case h.Track != "":
		err = v.track(ctx, s, d, h, rec.Now)
	}
	if err != nil {
		return Standing{}, fmt.Errorf("settling text: %w", err)
	}
	return o.Standing, nil
}

func (v *Verifier) settle(ctx context.Context, s Subject, p Policy, d Dispatch, h Handover) (Outcome, store.Record, error) {
	return v.run(ctx, s, nil, p, func(a *Account, now time.Time) Outcome {
		a.settle(now, d, h)
		return a.outcome(Open, now, p, a.challenge(d.challenge))
	})
}

// Check finds whether typed is the code of the ticket's challenge. The guess is written down first; only when that is
// done is it compared, and only a right one causes a second write, which opens the challenge's one session. A code that
// somebody else made is not compared here: the outcome is Asking, and the caller goes on with Decide or Unanswered.
func (v *Verifier) Check(ctx context.Context, s Subject, t Ticket, p Policy, typed string) (Outcome, error) {
	guess, ok := Normalize(typed, p.CodeLength)
	if !ok {
		o, err := v.Look(ctx, s, t, p)
		return malformed(o), err
	}
	mark := v.keys.marker(s, t.Challenge, guess)
	o, rec, err := v.run(ctx, s, nil, p, func(a *Account, now time.Time) Outcome { return a.attempt(now, p, t, mark) })
	switch {
	case err != nil || o.Kind != compare:
		return o, err
	case o.Text.Maker != "" && o.Challenge.Opened.IsZero():
		o.Kind = Asking
		return o, nil
	case o.Text.Maker == "" && !same(guess, v.keys.Code(s, t.Challenge, p.CodeLength)):
		return v.judge(rec, p, func(a *Account, now time.Time) Outcome { return a.wrong(now, p, t, mark("")) })
	}
	return v.open(ctx, s, t, p, mark(o.Text.Maker), &rec)
}

// Decide goes on where Check stopped to ask: right is what the maker of the code said of typed.
func (v *Verifier) Decide(ctx context.Context, s Subject, t Ticket, p Policy, maker, typed string, right bool) (Outcome, error) {
	guess, _ := Normalize(typed, p.CodeLength)
	m := v.keys.marker(s, t.Challenge, guess)(maker)
	if right {
		return v.open(ctx, s, t, p, m, nil)
	}
	o, _, err := v.run(ctx, s, nil, p, func(a *Account, now time.Time) Outcome { return a.wrong(now, p, t, m) })
	o.Session = v.keys.Session(s, t.Challenge)
	return o, err
}

// Unanswered goes on where Check stopped to ask, when the maker of the code did not answer: the guess is given back, a few times
// for each challenge.
func (v *Verifier) Unanswered(ctx context.Context, s Subject, t Ticket, p Policy, maker, typed string) error {
	guess, _ := Normalize(typed, p.CodeLength)
	m := v.keys.marker(s, t.Challenge, guess)(maker)
	_, _, err := v.run(ctx, s, nil, p, func(a *Account, now time.Time) Outcome { return a.unanswer(now, p, t, m) })
	return err
}

// open opens the challenge's one session for a guess that is right.
func (v *Verifier) open(ctx context.Context, s Subject, t Ticket, p Policy, m Mark, known *store.Record) (Outcome, error) {
	o, _, err := v.run(ctx, s, known, p, func(a *Account, now time.Time) Outcome { return a.open(now, p, t, m) })
	o.Session = v.keys.Session(s, t.Challenge)
	return o, err
}

// malformed is the outcome for what cannot be a code, where a code was asked for.
func malformed(o Outcome) Outcome {
	if o.Kind == Open {
		o.Kind = Malformed
	}
	if o.Kind == Idle {
		o.Kind = Expired
	}
	return o
}

// Revoke ends every challenge of the subject, waiting or just answered.
func (v *Verifier) Revoke(ctx context.Context, s Subject, p Policy) error {
	_, _, err := v.run(ctx, s, nil, p, func(a *Account, _ time.Time) Outcome { a.revoke(); return Outcome{} })
	return err
}

// Unlock forgives the subject all wrong codes and blocks.
func (v *Verifier) Unlock(ctx context.Context, s Subject, p Policy) error {
	_, _, err := v.run(ctx, s, nil, p, func(a *Account, _ time.Time) Outcome { a.unlock(); return Outcome{} })
	return err
}

// step is one of the pure steps of an account.
type step func(a *Account, now time.Time) Outcome

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

// freshIDs are the random names that a step may need. They are drawn before it, so that it stays pure.
type freshIDs struct {
	challenge ChallengeID
	text      string
}

func (v *Verifier) fresh() (freshIDs, error) {
	var f freshIDs
	var text [8]byte
	if _, err := io.ReadFull(v.rand, f.challenge[:]); err != nil {
		return f, fmt.Errorf("drawing challenge: %w", err)
	}
	if _, err := io.ReadFull(v.rand, text[:]); err != nil {
		return f, fmt.Errorf("drawing text: %w", err)
	}
	f.text = hex.EncodeToString(text[:])
	return f, nil
}

// NewBrowser draws a name for a browser that has none.
func (v *Verifier) NewBrowser() (BrowserID, error) {
	var b BrowserID
	if _, err := io.ReadFull(v.rand, b[:]); err != nil {
		return b, fmt.Errorf("drawing browser: %w", err)
	}
	return b, nil
}
