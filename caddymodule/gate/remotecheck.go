package gate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// checkTimeout bounds asking a provider about a code.
const checkTimeout = 5 * time.Second

var errBusy = errors.New("too many texts are on their way")

// errEarly is why a code cannot be checked yet.
var errEarly = &sms.Error{Class: sms.Temporary, Err: errors.New("the provider has not yet said that it took the text")}

// settleGuess asks the provider that made the code about a guess that has been written down, and goes on with the
// answer. Copies of one form, as a double click sends them, have one question and one answer: most providers take a
// right code once, and would call it wrong to the second copy. All copies have been counted, and each is given back
// when there is no answer.
func (h *holder) settleGuess(o otp.Outcome, typed string) (otp.Outcome, error) {
	// The check has read the code already, and no part of the question holds a zero byte.
	code, _ := otp.Normalize(typed, h.policy.CodeLength)
	question := strings.Join([]string{o.Text.CodeBy, h.pseudonym(), h.ticket.String(), code}, "\x00")
	shared, err, _ := h.questions.Do(question, func() (any, error) { return h.askProvider(o, code) })
	settled := shared.(otp.Outcome)
	if sms.IsError(err) || settled.Kind == otp.Asking {
		err = errors.Join(err, h.giveBack(o.Text.CodeBy, code))
		settled.Kind = otp.Expired
	}
	return settled, err
}

// askProvider leaves the outcome as it is where there is no provider to ask.
func (h *holder) askProvider(o otp.Outcome, code string) (otp.Outcome, error) {
	right, known, err := h.isRight(o, code)
	if err != nil || !known {
		return o, err
	}
	return h.decide(o.Text.CodeBy, code, right)
}

// isRight asks the provider that made the code of a challenge whether it is the one typed. known is false where that
// can never be told: the provider is gone from the configuration, or what it calls our texts is not known.
func (h *holder) isRight(o otp.Outcome, code string) (right, known bool, err error) {
	maker, to := o.Text.CodeBy, h.textedTo(o)
	if maker == app.TestMaker {
		now := h.clock()
		return h.fixedCodes.Right(to, code, now), h.fixedCodes.Active(to, now), nil
	}
	entry := h.app.Failover().Entry(maker)
	switch {
	case entry == nil || makerOf(entry) != maker || to == "":
		return false, false, nil
	case o.Text.ProviderID == "" && o.Text.Delivery == otp.DeliverySending:
		return false, true, fmt.Errorf("asking %s: %w", maker, errEarly)
	case o.Text.ProviderID == "":
		return false, false, nil
	}
	ctx, cancel := context.WithTimeout(h.ctx, checkTimeout)
	defer cancel()
	right, err = entry.Sender.(sms.Checker).Check(ctx, to, []string{o.Text.ProviderID}, code)
	if err != nil {
		return false, true, fmt.Errorf("asking %s: %w", maker, err)
	}
	return right, true, nil
}

// makerOf is who makes the code of a text that an entry of the failover takes: "" is the gate.
func makerOf(e *sms.Entry) string {
	if e == nil {
		return ""
	}
	if c, ok := e.Sender.(sms.Checker); ok && c.MakesCodes() {
		return e.Name
	}
	return ""
}

// unanswered tells the visitor that a code could not be checked because the provider that made it did not answer.
func (h *holder) unanswered(err error) error {
	metrics.Faults.Inc()
	class := zap.String("class", string(sms.ClassOf(err)))
	h.log.Error("provider does not check codes", h.fields(class, zap.Error(err))...)
	return h.answer(problem.CheckUnavailable.After(problem.AfterOutage))
}

// confirm tells the sender of a code that was typed right, once, if its provider wants to hear it. No visitor waits
// for that.
func (h *holder) confirm(o otp.Outcome) {
	entry := h.app.Failover().Entry(o.Text.Sender)
	if entry == nil || o.Text.ProviderID == "" || o.Text.CodeBy != "" || !o.First {
		return
	}
	c, ok := entry.Sender.(sms.Confirmer)
	if !ok || !c.Confirms() {
		return
	}
	const untold = "provider was not told that its code was right"
	log := h.log.With(zap.String("sender", entry.Name), zap.String("text_id", o.Text.ID))
	slot := h.app.Backend().Outbox().Reserve(h.app.InFlight())
	if slot == nil {
		log.Warn(untold, zap.Error(errBusy))
		return
	}
	slot.Use(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		if err := c.Confirm(ctx, o.Text.ProviderID); err != nil {
			log.Warn(untold, zap.String("class", string(sms.ClassOf(err))), zap.Error(err))
		}
	})
}
