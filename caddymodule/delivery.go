package caddymodule

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// sendTimeout bounds one send, whatever the sender's own timeout is.
const sendTimeout = 30 * time.Second

// deliver hands a text to the sender, outside of the life of the request, and waits up to send_wait for the result.
func (v *visit) deliver(o otp.Outcome) otp.Outcome {
	d := delivery{
		Handler: v.Handler, verifier: v.verifier, subject: v.subject, dispatch: o.Dispatch, account: v.account(), client: clientIP(v.r),
		message: sms.Message{
			ID: o.Dispatch.ID, To: v.number, Code: o.Dispatch.Code, TTL: o.Dispatch.ExpiresIn,
			Text: v.message.Text(o.Dispatch.Code, first(v.Brand, v.originOf(v.r)), v.originOf(v.r), o.Dispatch.ExpiresIn),
		},
	}
	done := make(chan otp.Delivery, 1)
	v.app.realm.underWay.Go(func() { done <- d.run() })
	select {
	case went := <-done:
		o.Challenge.Delivery = went
		if went == otp.DeliveryFailed {
			o.Standing.ResendIn = 0
		}
	case <-time.After(v.sendWait):
	}
	return o
}

// delivery is one text on its way. It outlives the request that asked for it.
type delivery struct {
	*Handler
	verifier *otp.Verifier
	subject  otp.Subject
	dispatch otp.Dispatch
	message  sms.Message
	account  string
	client   zap.Field
}

// run sends the text, once, and notes how it went.
func (d *delivery) run() otp.Delivery {
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	receipt, err := d.app.sender.Send(ctx, d.message)
	went := wentOf(err)
	d.note(went, receipt, err)

	ctx, cancel = context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if err := d.verifier.Settle(ctx, d.subject, d.policy, d.dispatch, went); err != nil {
		d.log.Error("result of a text cannot be written down", zap.String("account", d.account), zap.Error(err))
	}
	return went
}

// wentOf is what the result of a send means for the account. What is not known to have failed may have arrived.
func wentOf(err error) otp.Delivery {
	var failure *sms.Error
	switch {
	case err == nil:
		return otp.DeliverySent
	case errors.As(err, &failure) && failure.Class != sms.Ambiguous:
		return otp.DeliveryFailed
	}
	return otp.DeliveryUnknown
}

func (d *delivery) note(went otp.Delivery, receipt sms.Receipt, err error) {
	class := ""
	var failure *sms.Error
	if errors.As(err, &failure) {
		class = string(failure.Class)
	}
	metrics.texts.WithLabelValues(d.app.sender.Name(), string(went), class).Inc()
	fields := []zap.Field{
		zap.String("sender", d.app.sender.Name()), zap.String("result", string(went)), zap.String("text_id", d.message.ID),
		zap.String("zone", d.Zone), zap.String("account", d.account), zap.String("phone", d.message.To.Masked()), d.client,
	}
	if err != nil {
		d.log.Error("text not sent", append(fields, zap.String("class", class), zap.Error(err))...)
		return
	}
	d.log.Info("text sent", append(fields, zap.String("provider_id", receipt.ID))...)
}
