package gate

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/register"
)

// A visitor without a number gives one, where directory enroll allows that. A number counts only after its code: until
// then it is nowhere but in the visitor's browser, sealed (unproven.go), and leaving half way leaves nothing. Each
// number and each text is counted first (try.go), whatever comes of it.

// refusedTest is why a test number is refused: its code is the same for everybody, and proves nothing.
const refusedTest = "test"

// numberless answers a visitor to whom no text can go: the page asks for a number, where one may be given.
func (h *holder) numberless() error {
	if !h.enrols {
		return h.answer(problem.NoPhone.Refusal())
	}
	return h.askNumber(problem.EnrolmentRequired.Refusal(), submission{})
}

// numberPage shows the page that asks for a number, also to a visitor who has given one and waits for its code.
func (c *caller) numberPage() error {
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	h, err := a.lookUp()
	switch {
	case err != nil:
		return a.cannotTell(err)
	case h.stays:
		return c.redirect(c.accountAddress())
	case !h.enrols:
		return c.redirect(c.home())
	}
	given := submission{}
	if h.unproven != nil {
		given.number = h.number.Spaced()
	}
	return h.askNumber(problem.EnrolmentRequired.Refusal(), given)
}

// askNumber shows the page that asks for a number, with what was given before. A visitor in a block gets no text, and
// need not give one.
func (h *holder) askNumber(f problem.Refusal, given submission) error {
	o, err := h.look()
	switch {
	case err != nil:
		return h.fault("account cannot be read", err)
	case o.Kind == otp.Blocked || o.Kind == otp.Disabled:
		return h.showOutcome(o)
	}
	h.at.names.set(h.w, h.at.names.challenge, h.ticket.String(), ticketLife)
	f.Ask = h.ask(given)
	return h.answer(f)
}

// enroll takes the number that a visitor gives.
func (c *caller) enroll() error {
	s, err := c.read()
	if err != nil {
		return c.answer(c.unreadable(err, ""))
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	if !a.trusts(s) {
		return a.answer(a.unreadable(a.unproved(), a.pseudonym()))
	}
	h, err := a.lookUp()
	switch {
	case err != nil:
		return a.cannotTell(err)
	case h.enrols:
		return h.give(s)
	case h.number == "":
		return a.answer(problem.NoPhone.Refusal())
	case s.json:
		return h.showChallenge(h.look())
	}
	return h.redirect(h.home()) // the number was proved meanwhile, on another device
}

// give judges a number and texts a code to it. Whatever is wrong with a number, it is counted, the register is asked,
// and the visitor is told the same: nobody shall find out whose numbers there are.
func (h *holder) give(s submission) error {
	number, why := h.enrolment.Read(s.number, s.country)
	excess, err := h.countNumber(s, number)
	if err != nil {
		return h.fault("number cannot be counted", err)
	}
	if excess.Limit != "" {
		return h.tooManyTries(excess)
	}
	taken, err := h.taken(number)
	uninvited, errInvitation := h.uninvited(s)
	switch {
	case err != nil || errInvitation != nil:
		return h.fault("register cannot be read", cmp.Or(err, errInvitation))
	case why == "" && uninvited:
		why = directory.RefusedUninvited
	case why == "" && taken:
		why = directory.RefusedTaken
	}
	if why == "" && h.fixedCodes.Active(number, h.clock()) {
		why = refusedTest
	}
	if why != "" {
		return h.refuseNumber(s, number, why)
	}
	return h.textNumber(s, number)
}

// taken reports whether a number is another user's. It asks the register equally often for every number.
func (h *holder) taken(n phone.Number) (bool, error) {
	return ask(h.account, func(ctx context.Context) (bool, error) {
		r, err := h.app.Backend().Register(ctx)
		if err != nil {
			return false, err
		}
		owners, err := r.Owners(ctx, n)
		if err != nil {
			return false, err
		}
		if len(owners) == 0 { // for an owner, the register has looked at one more record
			_, _, err = r.Find(ctx, h.subject.Name)
			return false, err
		}
		others := slices.ContainsFunc(owners, func(user string) bool { return user != h.subject.Name })
		return others && !h.enrolment.Shared, nil
	})
}

// uninvited reports whether the visitor needs an invitation and has not given its code. Whoever changes a number needs
// none.
func (h *holder) uninvited(s submission) (bool, error) {
	if !h.enrolment.Invited || h.replaces != "" {
		return false, nil
	}
	return ask(h.account, func(ctx context.Context) (bool, error) {
		r, err := h.app.Backend().Register(ctx)
		if err != nil {
			return true, err
		}
		invited, err := r.Invited(ctx, h.subject.Name, s.invitation)
		return !invited, err
	})
}

// refuseNumber tells that a number cannot be used, and not why; the log has the reason.
func (h *holder) refuseNumber(s submission, n phone.Number, why string) error {
	metrics.Enrolments.WithLabelValues("refused", why).Inc()
	h.log.Warn("number refused", h.fields(zap.String("reason", why), zap.String("phone", n.Masked()))...)
	return h.askNumber(problem.NumberRefused.Refusal(), s)
}

// textNumber texts a code to the number that the visitor gives. The same number again finds the challenge that waits.
func (h *holder) textNumber(s submission, n phone.Number) error {
	if err := h.tell(func(ctx context.Context) error {
		return h.verifier.Leave(ctx, h.subject, h.policy, n.E164())
	}); err != nil {
		return h.fault("account cannot be changed", err)
	}
	if err := h.take(n); err != nil {
		return h.fault("number cannot be sealed", err)
	}
	return h.text(s, false, h.begin)
}

// prove makes the number, whose code was right, the user's. It reports false where no session may be opened, and has
// answered then.
func (h *holder) prove(o *otp.Outcome) (ok bool, answer error) {
	entered, err := ask(h.account, h.intoRegister)
	if err == nil && entered == register.Done && h.replaces != "" {
		err = h.endOthers(o)
	}
	if err != nil {
		metrics.Enrolments.WithLabelValues("unanswered", "").Inc()
		h.keepProof(*o)
		return false, h.fault("number cannot be entered in the register", err)
	}
	n := h.number
	h.returnTexts()
	h.forgetNumber()
	switch entered {
	case register.Taken:
		h.number, h.numbers = "", nil
		return false, h.refuseNumber(submission{}, n, directory.RefusedTaken)
	case register.Other, register.Missing:
		return false, h.hasOther()
	}
	metrics.Enrolments.WithLabelValues("proved", "").Inc()
	h.log.Info("number proved", h.fields(zap.String("phone", n.Masked()))...)
	if h.replaces != "" && h.replaces != n {
		h.tellChanged(h.replaces)
	}
	return true, nil
}

// intoRegister enters the number that was proved, as the user's first one or in the place of another one.
func (h *holder) intoRegister(ctx context.Context) (register.Outcome, error) {
	r, err := h.app.Backend().Register(ctx)
	if err != nil {
		return "", err
	}
	proof := register.Proof{
		User: h.subject.Name, Number: h.number, How: register.HowEnroll, Shared: h.enrolment.Shared,
	}
	if h.replaces != "" {
		return r.Change(ctx, h.replaces, proof)
	}
	o, err := r.Enroll(ctx, proof)
	if err == nil && o == register.Done && h.enrolment.Invited {
		err = r.Uninvite(ctx, h.subject.Name) // or it could be used again when the operator has removed the user
	}
	return o, err
}

// hasOther answers a visitor who has proved another number meanwhile, on another device: that one gets the next code.
func (h *holder) hasOther() error {
	h.log.Warn("number not entered: the user has proved another one meanwhile", h.fields()...)
	if h.r.Method == http.MethodGet || h.submitted() {
		return h.redirect(h.home())
	}
	return h.answer(problem.VerificationRequired.Refusal())
}
