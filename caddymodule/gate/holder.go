package gate

import (
	"context"
	"slices"

	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// holder is an account whose numbers have been looked up.
type holder struct {
	*account
	number  phone.Number   // where the text of a new challenge goes; "" when there is no number that can be read
	numbers []phone.Number // all that can be read, each once, in the order of the directory
	chosen  bool           // the visitor has chosen number; otherwise it is the first

	enrols   bool          // no directory has a number for the user, who may give one
	unproven *otp.Unproven // the number that the user has given, and that no code has proved; nil for one on file

	replaces phone.Number // the number that the user is about to change; "" for whoever changes none
	stays    bool         // the user wants to change the number and may not: it is not from the register
}

// lookUp finds where texts to this account go. An error says that a directory cannot tell.
func (a *account) lookUp() (*holder, error) {
	h := &holder{account: a}
	raw, err := a.directory.Lookup(a.ctx, directory.Person{Name: a.subject.Name, Given: a.given})
	if err != nil {
		return h, err
	}
	switch {
	case len(raw) == 0 && a.enrolment != nil:
		h.enrols = true
		h.recall()
		return h, nil
	case len(raw) == 0:
		a.noNumber(nil)
	}
	for _, text := range raw {
		number, err := phone.Parse(text, a.DefaultRegion)
		if err != nil {
			a.noNumber(err)
			continue
		}
		if !slices.Contains(h.numbers, number) {
			h.numbers = append(h.numbers, number)
		}
	}
	if len(h.numbers) > 0 {
		h.number = h.numbers[0]
		h.chooseTicket()
	}
	if a.changes() {
		return h, h.beginChange()
	}
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

// recipient is where the holder's texts may go, and who makes their codes.
func (h *holder) recipient() otp.Recipient {
	to := otp.Recipient{Phone: h.number.E164(), Chosen: h.chosen, CodeBy: h.codeBy}
	for _, n := range h.numbers {
		if n != h.number {
			to.Others = append(to.Others, n.E164())
		}
	}
	return to
}
