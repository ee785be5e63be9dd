package otp

import (
	"context"
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

// Look tells how the account and the ticket's challenge stand, and changes neither. A challenge that was texted to
// none of the recipient's phones is none.
func (v *Verifier) Look(ctx context.Context, s Subject, t Ticket, p Policy, to Recipient) (Outcome, error) {
	return v.begin(ctx, s, t, p, to, false)
}

// Begin finds the challenge of the ticket, or begins a challenge for the recipient. Reloads, second tabs and
// parallel requests find the challenge that waits already, and cost no second text. When the outcome is Sending,
// the caller sends Outcome.Dispatch and calls Settle.
//
// With an error, Outcome.Dispatch is a text that is written down, or may be; its ID is empty when there is none. The
// caller does not send it, and calls TakeBack, which it need not let the visitor wait for.
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
	return v.order(ctx, s, p, func(a *account, now time.Time) Outcome {
		return a.begin(now, p, t, mayText, to, fresh)
	})
}

// Send orders another text of the ticket's challenge, to the phone of that challenge, or begins a new challenge when
// the ticket's does not wait or the visitor has chosen another phone. When the outcome is Sending, the caller sends
// Outcome.Dispatch and calls Settle. With an error, the same holds as for Begin.
func (v *Verifier) Send(ctx context.Context, s Subject, t Ticket, p Policy, to Recipient) (Outcome, error) {
	fresh, err := v.fresh()
	if err != nil {
		return Outcome{}, err
	}
	to = v.known(to)
	return v.order(ctx, s, p, func(a *account, now time.Time) Outcome { return a.send(now, p, t, to, fresh) })
}

// known is a recipient with the keys of its phones; a recipient without a phone has none.
func (v *Verifier) known(to Recipient) Recipient {
	if to.Phone != "" {
		to.key = v.keys.Phone(to.Phone)
	}
	for _, number := range to.Others {
		to.others = append(to.others, v.keys.Phone(number))
	}
	return to
}

// order runs a step that may order a text. The text also has to fit the limits of the phone, which several accounts
// may share.
func (v *Verifier) order(ctx context.Context, s Subject, p Policy, f step) (Outcome, error) {
	var ordered Dispatch
	o, _, err := v.run(ctx, s, nil, p, func(a *account, now time.Time) Outcome {
		o := f(a, now)
		ordered = o.Dispatch
		return o
	})
	if err != nil {
		return Outcome{Dispatch: ordered}, err
	}
	if o.Kind != Sending {
		return o, nil
	}
	o.Dispatch = ordered
	o.Dispatch.Code = v.keys.code(o.Challenge.codeKey, s, o.Challenge.ID, p.CodeLength)
	wait, err := v.store.Take(ctx, ordered.phone, ordered.ID, p.Sends)
	switch {
	case err != nil:
		return Outcome{Dispatch: ordered}, fmt.Errorf("counting text: %w", err)
	case wait > 0:
		return v.refuse(ctx, s, p, ordered, wait)
	}
	return o, nil
}

// refuse takes an order back for which the phone has no room until wait is over. A challenge that the visitor wanted
// to leave for that phone goes on; another browser joins the newest challenge of the phone that waits, whose code
// may have reached the phone.
func (v *Verifier) refuse(
	ctx context.Context, s Subject, p Policy, d Dispatch, wait time.Duration,
) (Outcome, error) {
	o, _, err := v.run(ctx, s, nil, p, func(a *account, now time.Time) Outcome {
		a.takeBack(d.ID)
		waits := a.challenge(d.challenge)
		if waits == nil {
			waits = a.challenge(d.leaves)
		}
		if waits == nil {
			waits = a.newest(now, Recipient{key: d.phone})
		}
		return a.outcome(Limited, now, p, waits)
	})
	if err != nil {
		return Outcome{Dispatch: d}, fmt.Errorf("counting text: %w", err)
	}
	o.Standing.ResendIn = max(o.Standing.ResendIn, wait)
	return o, nil
}

// TakeBack notes that a text which was ordered was not handed to any sender, and will not be. Nobody waits for that
// text, and it uses up no limit but the one for failed texts. If the text was never written down, nothing happens.
func (v *Verifier) TakeBack(ctx context.Context, s Subject, p Policy, d Dispatch) error {
	_, _, err := v.run(ctx, s, nil, p, func(a *account, _ time.Time) Outcome { a.takeBack(d.ID); return Outcome{} })
	if err == nil {
		err = v.store.Give(ctx, d.phone, d.ID)
	}
	if err != nil {
		return fmt.Errorf("taking text back: %w", err)
	}
	return nil
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

// Unlock forgives the subject all guesses and blocks, and lifts the limits of texts: of the subject, also that of
// numbers tried, and of the phone that the subject's latest text went to, whoever else has that phone.
func (v *Verifier) Unlock(ctx context.Context, s Subject, p Policy) error {
	var phone string
	_, _, err := v.run(ctx, s, nil, p, func(a *account, _ time.Time) Outcome {
		a.unlock()
		phone = a.Phone
		return Outcome{}
	})
	if err != nil {
		return err
	}
	if err := v.store.Clear(ctx, v.keys.tries("account", s.Name)); err != nil {
		return fmt.Errorf("lifting limit of numbers: %w", err)
	}
	if phone == "" {
		return nil
	}
	if err := v.store.Clear(ctx, phone); err != nil {
		return fmt.Errorf("lifting limit of phone: %w", err)
	}
	return nil
}
