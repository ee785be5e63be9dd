package gate

import (
	"context"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// holder is an account whose number has been looked up.
type holder struct {
	*account
	number phone.Number // "" when there is no number on file, or none that can be read
}

// lookUp finds where texts to this account go.
func (a *account) lookUp() (*holder, error) {
	raw, err := a.rawNumber()
	if err != nil {
		return &holder{account: a}, err
	}
	if raw == "" {
		a.noNumber(nil)
		return &holder{account: a}, nil
	}
	number, err := phone.Parse(raw, a.DefaultRegion)
	if err != nil {
		a.noNumber(err)
		return &holder{account: a}, nil
	}
	return &holder{account: a, number: number}, nil
}

func (a *account) rawNumber() (string, error) {
	if raw := a.broughtNumber(a.repl); raw != "" {
		return raw, nil
	}
	if a.directory == nil {
		return "", nil
	}
	return ask(a, func(ctx context.Context) (string, error) {
		raw, _, err := a.directory.Lookup(ctx, a.subject.Name)
		return raw, err
	})
}

func (h *holder) look() (otp.Outcome, error) {
	return ask(h.account, func(ctx context.Context) (otp.Outcome, error) {
		return h.verifier.Look(ctx, h.subject, h.ticket, h.policy, h.recipient())
	})
}

func (h *holder) check(typed string) (otp.Outcome, error) {
	return ask(h.account, func(ctx context.Context) (otp.Outcome, error) {
		return h.verifier.Check(ctx, h.subject, h.ticket, h.policy, h.recipient(), typed)
	})
}

func (h *holder) begin() (otp.Outcome, error) {
	return ask(h.account, func(ctx context.Context) (otp.Outcome, error) {
		return h.verifier.Begin(ctx, h.subject, h.ticket, h.policy, h.recipient())
	})
}

func (h *holder) order() (otp.Outcome, error) {
	return ask(h.account, func(ctx context.Context) (otp.Outcome, error) {
		return h.verifier.Send(ctx, h.subject, h.ticket, h.policy, h.recipient())
	})
}

// recipient is where the holder's text goes, and who makes its code.
func (h *holder) recipient() otp.Recipient {
	return otp.Recipient{Phone: h.number.E164(), CodeBy: h.codeBy}
}
