package caddymodule

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// sendTimeout bounds one text, whichever senders are tried and whatever their own timeouts are.
const sendTimeout = 30 * time.Second

// settleTimeout bounds writing down how a text went. Nobody waits for it, and a store that was slow for a moment shall hear.
const settleTimeout = 5 * time.Second

// recipient is where the visitor's text goes, and who makes its code.
func (v *visit) recipient() otp.Recipient {
	return otp.Recipient{Phone: v.number.E164(), Maker: func(after string) string {
		if v.testNumbers.active(v.number, v.app.now()) {
			return testMaker
		}
		return makerOf(v.app.route.First(v.number, sms.Start{After: v.after(after)}))
	}}
}

// makerOf is who makes the code of a text that a leg of the route takes: "" is us.
func makerOf(l *sms.Leg) string {
	if l == nil {
		return ""
	}
	if c, ok := l.Sender.(sms.Checker); ok && c.MakesCodes() {
		return l.Name
	}
	return ""
}

// after is the sender to begin behind, given the one that did not deliver.
func (h *Handler) after(undelivered string) string {
	if h.ResendVia != "next" {
		return ""
	}
	return undelivered
}

// deliver hands a text to the senders, outside of the life of the request, and waits up to send_wait for the result.
func (v *visit) deliver(o otp.Outcome, place *slot) otp.Outcome {
	d := v.delivery(o)
	done := make(chan otp.Standing, 1)
	place.use(func(ctx context.Context) { done <- d.run(ctx) })
	timer := time.NewTimer(v.sendWait)
	defer timer.Stop()
	select {
	case o.Standing = <-done:
	case <-timer.C:
	}
	return o
}

func (v *visit) delivery(o otp.Outcome) *delivery {
	words, tongue := v.wording.choose(v.r.Header.Get("Accept-Language"))
	origin := v.originOf(v.r)
	return &delivery{
		Handler: v.Handler, verifier: v.verifier, subject: v.subject, dispatch: o.Dispatch, account: v.account(), client: clientIP(v.r),
		test: v.testNumbers.active(v.number, v.app.now()), standing: o.Standing,
		message: sms.Message{
			ID: o.Dispatch.ID, To: v.number, Code: o.Dispatch.Code, TTL: o.Dispatch.ExpiresIn, Language: tongue.String(),
			Text: words.Text(o.Dispatch.Code, first(v.Brand, origin), origin, o.Dispatch.ExpiresIn),
		},
	}
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
	test     bool         // the number is a test number, and gets no text
	standing otp.Standing // of the account, before
}

// run sends the text, once, notes how it went, and returns how the account stands then.
func (d *delivery) run(ctx context.Context) otp.Standing {
	h := otp.Handover{Delivery: otp.DeliverySent, Maker: testMaker}
	if d.test {
		d.log.Warn("no text sent: this is a test number", d.fields()...)
	} else {
		h = d.send(ctx)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	standing, err := d.verifier.Settle(ctx, d.subject, d.policy, d.dispatch, h)
	if err != nil {
		metrics.faults.Inc()
		d.log.Error("result of a text cannot be written down", append(d.fields(), zap.Error(err))...)
		standing = d.standing
	}
	standing.Delivery = h.Delivery
	return standing
}

func (d *delivery) send(ctx context.Context) otp.Handover {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	tries := d.app.route.Send(ctx, d.message, d.start())
	for _, t := range tries {
		d.note(t)
	}
	return d.handover(tries[len(tries)-1])
}

// start is the sender to begin with: behind the one that failed, where the operator wants that, and among those whose codes are
// made by whoever made the one that may still come.
func (d *delivery) start() sms.Start {
	start := sms.Start{After: d.after(d.dispatch.After)}
	if d.dispatch.Keep {
		start.Fits = func(l *sms.Leg) bool { return makerOf(l) == d.dispatch.Maker }
	}
	return start
}

// handover is what the last try means for the account. What is not known to have failed may have arrived.
func (d *delivery) handover(t sms.Try) otp.Handover {
	h := otp.Handover{Delivery: wentOf(t.Err), RetryAfter: sms.RetryAfterOf(t.Err)}
	leg := d.app.route.Leg(t.Sender)
	if h.Delivery == otp.DeliveryFailed || leg == nil {
		return h
	}
	h.Via, h.Maker = leg.Name, makerOf(leg)
	if c, ok := leg.Sender.(sms.Confirmer); h.Maker != "" || ok && c.Confirms() {
		h.Ref = t.Receipt.ID
	}
	if d.app.reported[leg.Name] {
		h.Track = t.Receipt.ID
	}
	return h
}

func wentOf(err error) otp.Delivery {
	switch sms.ClassOf(err) {
	case "":
		return otp.DeliverySent
	case sms.Ambiguous:
		return otp.DeliveryUnknown
	}
	return otp.DeliveryFailed
}

func (d *delivery) fields() []zap.Field {
	return []zap.Field{
		zap.String("text_id", d.message.ID), zap.String("zone", d.Zone), zap.String("account", d.account),
		zap.String("phone", d.message.To.Masked()), d.client,
	}
}

// note logs and counts one sender's turn.
func (d *delivery) note(t sms.Try) {
	class, went := sms.ClassOf(t.Err), wentOf(t.Err)
	metrics.texts.WithLabelValues(t.Sender, string(went), string(class)).Inc()
	fields := append(d.fields(), zap.String("sender", t.Sender), zap.String("result", string(went)))
	if t.Err != nil {
		if wait := sms.RetryAfterOf(t.Err); wait > 0 {
			fields = append(fields, zap.Duration("retry_after", wait))
		}
		d.log.Error("text not sent", append(fields, zap.String("class", string(class)), zap.Error(t.Err))...)
		return
	}
	d.log.Info("text sent", append(fields, zap.String("provider_id", t.Receipt.ID))...)
}
