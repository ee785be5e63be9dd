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
// to the second copy. All of them have been counted.
func (v *visit) decide(o otp.Outcome, typed string) (otp.Outcome, error) {
	code, _ := otp.Normalize(typed, v.policy.CodeLength)                                           // Check has read it already
	question := strings.Join([]string{o.Text.Maker, v.account(), v.ticket.String(), code}, "\x00") // which no part holds
	decided, err, _ := v.app.questions.Do(question, func() (any, error) { return v.settleGuess(o, code) })
	if err != nil {
		return o, err
	}
	return decided.(otp.Outcome), nil
}

func (v *visit) settleGuess(o otp.Outcome, code string) (otp.Outcome, error) {
	right, known, asking := v.ask(o.Text, code)
	defer v.again()()
	switch {
	case asking != nil:
		return o, errors.Join(asking, v.verifier.Unanswered(v.ctx, v.subject, v.ticket, v.policy, o.Text.Maker, code))
	case !known:
		o.Kind = otp.Expired
		return o, nil
	}
	return v.verifier.Decide(v.ctx, v.subject, v.ticket, v.policy, o.Text.Maker, code, right)
}

// again gives the visit its time for the store anew, when somebody else has taken some of it.
func (v *visit) again() context.CancelFunc {
	var cancel context.CancelFunc
	v.ctx, cancel = context.WithTimeout(context.WithoutCancel(v.ctx), storeTimeout)
	return cancel
}

// ask asks whoever made the code of a text whether it is the one typed. known is false where it can never be told: the maker is
// gone from the configuration, or it is not known what it calls the text.
func (v *visit) ask(t otp.Text, code string) (right, known bool, err error) {
	if t.Maker == testMaker {
		now := v.app.now()
		return v.testNumbers.right(v.number, code, now), v.testNumbers.active(v.number, now), nil
	}
	leg := v.app.route.Leg(t.Maker)
	switch {
	case leg == nil || makerOf(leg) != t.Maker || v.number == "":
		return false, false, nil
	case t.Delivery == otp.DeliverySending:
		return false, true, fmt.Errorf("asking %s: %w", t.Maker, errEarly)
	case t.Ref == "":
		return false, false, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.ctx), checkTimeout)
	defer cancel()
	right, err = leg.Sender.(sms.Checker).Check(ctx, v.number, t.Ref, code)
	if err != nil {
		return false, true, fmt.Errorf("asking %s: %w", t.Maker, err)
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
