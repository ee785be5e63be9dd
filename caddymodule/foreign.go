package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// checkTimeout bounds asking a provider about a code.
const checkTimeout = 5 * time.Second

var errBusy = errors.New("too many texts are on their way")

// errEarly is why a code cannot be checked yet.
var errEarly = &sms.Error{Class: sms.Temporary, Err: errors.New("the provider has not yet said that it took the text")}

// decide asks whoever made the code about a guess that has been written down, and goes on with the answer. Copies of one form, as
// a double click sends them, have one question and one answer: most providers take a right code once, and would call it wrong
// to the second copy. All of them have been counted, and each is given back when there is no answer.
func (v *visit) decide(o otp.Outcome, typed string) (otp.Outcome, error) {
	// Check has read the code already, and no part of the question holds a zero.
	code, _ := otp.Normalize(typed, v.policy.CodeLength)
	question := strings.Join([]string{o.Text.Maker, v.account(), v.ticket.String(), code}, "\x00")
	shared, err, _ := v.app.questions.Do(question, func() (any, error) { return v.settleGuess(o, code) })
	decided := shared.(otp.Outcome)
	if sms.IsError(err) || decided.Kind == otp.Asking {
		defer v.again()()
		err = errors.Join(err, v.verifier.Unanswered(v.ctx, v.subject, v.ticket, v.policy, o.Text.Maker, code))
		decided.Kind = otp.Expired
	}
	return decided, err
}

// settleGuess leaves the outcome as it is where there is nobody to ask.
func (v *visit) settleGuess(o otp.Outcome, code string) (otp.Outcome, error) {
	right, known, err := v.ask(o, code)
	if err != nil || !known {
		return o, err
	}
	defer v.again()()
	return v.verifier.Decide(v.ctx, v.subject, v.ticket, v.policy, o.Text.Maker, code, right)
}

// again gives the visit its time for the store anew, when somebody else has taken some of it.
func (v *visit) again() context.CancelFunc {
	var cancel context.CancelFunc
	v.ctx, cancel = context.WithTimeout(context.WithoutCancel(v.ctx), storeTimeout)
	return cancel
}

// ask asks whoever made the code of a challenge whether it is the one typed. known is false where it can never be told: the maker is
// gone from the configuration, or it is not known what it calls our texts.
func (v *visit) ask(o otp.Outcome, code string) (right, known bool, err error) {
	maker := o.Text.Maker
	if maker == testMaker {
		now := v.app.now()
		return v.testNumbers.right(v.number, code, now), v.testNumbers.active(v.number, now), nil
	}
	leg := v.app.route.Leg(maker)
	switch {
	case leg == nil || makerOf(leg) != maker || v.number == "":
		return false, false, nil
	case len(o.Refs) == 0 && o.Text.Delivery == otp.DeliverySending:
		return false, true, fmt.Errorf("asking %s: %w", maker, errEarly)
	case len(o.Refs) == 0:
		return false, false, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.ctx), checkTimeout)
	defer cancel()
	right, err = leg.Sender.(sms.Checker).Check(ctx, v.number, o.Refs, code)
	if err != nil {
		return false, true, fmt.Errorf("asking %s: %w", maker, err)
	}
	return right, true, nil
}

// unanswered tells the visitor that a code could not be checked because its maker did not answer.
func (v *visit) unanswered(err error) error {
	metrics.faults.Inc()
	v.log.Error("provider does not check codes", zap.String("class", string(sms.ClassOf(err))), zap.String("zone", v.Zone),
		zap.String("account", v.account()), zap.Error(err), clientIP(v.r))
	f := checkUnavailable.refusal()
	f.retry = outageRetry
	return v.answer(f)
}

// confirm tells the sender of a code that was typed right, once, if its provider wants to hear it. Nobody waits for that.
func (v *visit) confirm(o otp.Outcome) {
	leg := v.app.route.Leg(o.Text.Via)
	if leg == nil || o.Text.Ref == "" || o.Text.Maker != "" || !o.First {
		return
	}
	c, ok := leg.Sender.(sms.Confirmer)
	if !ok || !c.Confirms() {
		return
	}
	const untold = "provider was not told that its code was right"
	log := v.log.With(zap.String("sender", leg.Name), zap.String("text_id", o.Text.ID))
	place := v.app.realm.outbox.reserve(v.app.inFlight())
	if place == nil {
		log.Warn(untold, zap.Error(errBusy))
		return
	}
	place.use(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		if err := c.Confirm(ctx, o.Text.Ref); err != nil {
			log.Warn(untold, zap.String("class", string(sms.ClassOf(err))), zap.Error(err))
		}
	})
}
