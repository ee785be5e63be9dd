package otp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Verifier runs the steps of accounts on the records of a store. It holds no state of its own, so any number of
// them, in any number of processes, may work on one store. Every error is a fault of the store, or ErrRecord; after
// one, the answer to the visitor is no.
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

// Look tells how the account and the ticket's challenge stand, and changes neither.
func (v *Verifier) Look(ctx context.Context, s Subject, t Ticket, p Policy) (Outcome, error) {
	return v.begin(ctx, s, t, p, Recipient{}, false)
}

// Begin finds the challenge of the ticket, or begins a challenge for the recipient. Reloads, second tabs and
// parallel requests find the challenge that waits already, and cost no second text. When the outcome is Sending,
// the caller sends Outcome.Dispatch and calls Settle.
func (v *Verifier) Begin(ctx context.Context, s Subject, t Ticket, p Policy, to Recipient) (Outcome, error) {
	return v.begin(ctx, s, t, p, to, true)
}

func (v *Verifier) begin(
	ctx context.Context, s Subject, t Ticket, p Policy, to Recipient, mayText bool,
) (Outcome, error) {
	fresh, err := v.fresh()
	if err != nil {
		return Outcome{}, err
	}
	to = v.known(to)
	o, _, err := v.run(ctx, s, nil, p, func(a *account, now time.Time) Outcome {
		return a.begin(now, p, t, mayText, to, fresh)
	})
	if err != nil || o.Kind != Sending {
		return o, err
	}
	return v.order(ctx, s, p, to, o)
}

// Send orders another text of the ticket's challenge, or begins a new challenge when the ticket's does not wait.
// When the outcome is Sending, the caller sends Outcome.Dispatch and calls Settle.
func (v *Verifier) Send(ctx context.Context, s Subject, t Ticket, p Policy, to Recipient) (Outcome, error) {
	fresh, err := v.fresh()
	if err != nil {
		return Outcome{}, err
	}
	to = v.known(to)
	o, _, err := v.run(ctx, s, nil, p, func(a *account, now time.Time) Outcome { return a.send(now, p, t, to, fresh) })
	if err != nil || o.Kind != Sending {
		return o, err
	}
	return v.order(ctx, s, p, to, o)
}

// known is a recipient with the key of its phone; a recipient without a phone has none.
func (v *Verifier) known(to Recipient) Recipient {
	if to.Phone != "" {
		to.key = v.keys.Phone(to.Phone)
	}
	return to
}

// order completes a dispatch that the account's limits allow, if the limits of the phone allow the text, too:
// several accounts may share a phone.
func (v *Verifier) order(ctx context.Context, s Subject, p Policy, to Recipient, o Outcome) (Outcome, error) {
	o.Dispatch.phone = to.key
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

// Settle notes how a dispatch went, and returns how the account stands then. A text that failed uses up no limit
// but the one for failed texts, and another text may be sent at once, or after the wait that the sender asked for.
func (v *Verifier) Settle(ctx context.Context, s Subject, p Policy, d Dispatch, h Handover) (Standing, error) {
	o, rec, err := v.settle(ctx, s, p, d, h)
	switch {
	case err != nil:
	case h.Delivery == DeliveryFailed:
		err = v.store.Give(ctx, d.phone, d.ID)
	case h.ReportID != "":
		err = v.expectReports(ctx, s, d, h.Sender, h.ReportID, rec.Now)
	}
	if err != nil {
		return Standing{}, fmt.Errorf("settling text: %w", err)
	}
	return o.Standing, nil
}

func (v *Verifier) settle(
	ctx context.Context, s Subject, p Policy, d Dispatch, h Handover,
) (Outcome, store.Record, error) {
	return v.run(ctx, s, nil, p, func(a *account, now time.Time) Outcome {
		a.settle(now, d, h)
		return a.outcome(Waiting, now, p, a.challenge(d.challenge))
	})
}

// Revoke ends every challenge of the subject, waiting or opened.
func (v *Verifier) Revoke(ctx context.Context, s Subject, p Policy) error {
	_, _, err := v.run(ctx, s, nil, p, func(a *account, _ time.Time) Outcome { a.revoke(); return Outcome{} })
	return err
}

// Unlock forgives the subject all guesses and blocks, and lifts the limits of texts: of the subject, and of the phone
// that the subject's latest text went to, whoever else has that phone.
func (v *Verifier) Unlock(ctx context.Context, s Subject, p Policy) error {
	var phone string
	_, _, err := v.run(ctx, s, nil, p, func(a *account, _ time.Time) Outcome {
		a.unlock()
		phone = a.Phone
		return Outcome{}
	})
	if err != nil || phone == "" {
		return err
	}
	if err := v.store.Clear(ctx, phone); err != nil {
		return fmt.Errorf("lifting limit of phone: %w", err)
	}
	return nil
}
