package otp

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Check finds whether typed is the code of the ticket's challenge. A challenge that was texted to none of the
// recipient's phones, because the number of the user has changed, is over. The guess is written down first, and
// compared only after that. Only a right guess causes a second write, which opens the challenge's one session. Check
// does not compare the code of a provider: the outcome is then Asking, and the caller goes on with Decide or
// Unanswered.
func (v *Verifier) Check(
	ctx context.Context, s Subject, t Ticket, p Policy, to Recipient, typed string,
) (Outcome, error) {
	guess, ok := Normalize(typed, p.CodeLength)
	if !ok {
		o, err := v.Look(ctx, s, t, p, to)
		return malformed(o), err
	}
	markFor := v.keys.marker(s, t.Challenge, guess)
	to = v.known(to)
	o, rec, err := v.run(ctx, s, nil, p, func(a *account, now time.Time) Outcome {
		return a.attempt(now, p, a.ticketFor(t, to), markFor)
	})
	if err != nil || o.Kind != compare {
		return o, err
	}
	codeByGate := o.Text.CodeBy == ""
	alreadyOpened := !o.Challenge.opened.IsZero()
	switch {
	case !codeByGate && !alreadyOpened:
		o.Kind = Asking
		return o, nil
	case codeByGate && !equalCodes(guess, v.keys.code(o.Challenge.codeKey, s, t.Challenge, p.CodeLength)):
		m := markFor(o.Challenge.codeKey, "")
		return v.judge(rec, p, func(a *account, now time.Time) Outcome { return a.wrong(now, p, t, m) })
	}
	return v.open(ctx, s, t, p, markFor, o.Text.CodeBy, &rec)
}

// Decide goes on after an outcome Asking, when the maker of the code, codeBy, has told whether the guess typed is
// right.
func (v *Verifier) Decide(
	ctx context.Context, s Subject, t Ticket, p Policy, codeBy, typed string, right bool,
) (Outcome, error) {
	guess, _ := Normalize(typed, p.CodeLength)
	markFor := v.keys.marker(s, t.Challenge, guess)
	if right {
		return v.open(ctx, s, t, p, markFor, codeBy, nil)
	}
	o, _, err := v.run(ctx, s, nil, p, func(a *account, now time.Time) Outcome {
		return a.wrong(now, p, t, markFor(a.challenge(t.Challenge).key(), codeBy))
	})
	o.Session = v.keys.Session(s, t.Challenge)
	return o, err
}

// Unanswered goes on after an outcome Asking, when the maker of the code, codeBy, did not answer: the guess is
// given back, a few times for each challenge.
func (v *Verifier) Unanswered(ctx context.Context, s Subject, t Ticket, p Policy, codeBy, typed string) error {
	guess, _ := Normalize(typed, p.CodeLength)
	markFor := v.keys.marker(s, t.Challenge, guess)
	_, _, err := v.run(ctx, s, nil, p, func(a *account, now time.Time) Outcome {
		return a.unanswer(now, p, t, markFor(a.challenge(t.Challenge).key(), codeBy))
	})
	return err
}

// open opens the challenge's one session for a guess that is right at the code of codeBy. known is the account's
// record if the caller has it.
func (v *Verifier) open(
	ctx context.Context, s Subject, t Ticket, p Policy, markFor marker, codeBy string, known *store.Record,
) (Outcome, error) {
	o, _, err := v.run(ctx, s, known, p, func(a *account, now time.Time) Outcome {
		return a.open(now, p, t, markFor(a.challenge(t.Challenge).key(), codeBy))
	})
	o.Session = v.keys.Session(s, t.Challenge)
	return o, err
}

// malformed turns the outcome of a look into the outcome of typing what does not have the form of a code.
func malformed(o Outcome) Outcome {
	if o.Kind == Waiting {
		o.Kind = Malformed
	}
	if o.Kind == Idle {
		o.Kind = Expired
	}
	return o
}
