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
	h := &holder{account: a, number: number}
	h.chooseTicket()
	return h, nil
}

// chooseTicket finds, of several tickets, the one whose challenge is the holder's. A single one that means nothing
// here becomes the ticket of the next challenge. Where the store does not answer, the next question will say so.
func (h *holder) chooseTicket() {
	if len(h.tickets) < 2 {
		return
	}
	for _, h.ticket = range h.tickets {
		if o, err := h.look(); err == nil && o.Challenge.ID == h.ticket.Challenge {
			return
		}
	}
	h.ticket = h.tickets[0]
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
