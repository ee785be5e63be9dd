package gate

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// settleTimeout bounds writing down how a text went. Nobody waits for it, and a store that was slow for a moment
// shall hear.
const settleTimeout = 5 * time.Second

// sendTimeout bounds one text, whichever senders are tried and whatever their own timeouts are. A text that was sent
// is settled before it counts as given up.
const sendTimeout = otp.MaxSending - 2*settleTimeout

// codeBy tells who makes the code of the next text to a number in E.164 form, one that goes past the sender skipped:
// "" is the gate.
func (h *holder) codeBy(number, skipped string) string {
	to := phone.Number(number)
	if h.isTestNumber(to) {
		return app.TestMaker
	}
	return makerOf(h.app.Failover().First(to, sms.Order{SkipSender: h.skip(skipped)}))
}

// isTestNumber reports whether a number gets no text and has a fixed code.
func (h *holder) isTestNumber(n phone.Number) bool { return h.fixedCodes.Active(n, h.clock()) }

// skip is the sender to begin behind, given the sender that did not deliver: none, unless resend_via says so.
func (h *Handler) skip(undelivered string) string {
	if h.ResendVia != "next" {
		return ""
	}
	return undelivered
}

// deliver hands a text to the senders, outside of the life of the request, and waits up to send_wait for the result.
func (h *holder) deliver(o otp.Outcome, slot *app.Slot) otp.Outcome {
	d := h.delivery(o)
	done := make(chan otp.Standing, 1)
	slot.Use(func(ctx context.Context) { done <- d.run(ctx) })
	timer := time.NewTimer(h.sendWait)
	defer timer.Stop()
	select {
	case o.Standing = <-done:
	case <-timer.C:
	}
	return o
}

// takeBack takes back the order of a text that is written down, or may be, and that nobody sends, because the store
// failed right then. It has a time of its own: the one of the request is over, and the store may only have been slow.
func (h *holder) takeBack(d otp.Dispatch, slot *app.Slot) {
	if d.ID == "" {
		return
	}
	fields := h.fields(zap.String("text_id", d.ID))
	slot.Use(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
		if err := h.verifier.TakeBack(ctx, h.subject, h.policy, d); err != nil {
			metrics.Faults.Inc()
			h.log.Error("order of a text cannot be taken back", append(fields, zap.Error(err))...)
		}
	})
}

func (h *holder) delivery(o otp.Outcome) *delivery {
	words, tongue := h.messages.Choose(h.r.Header.Get("Accept-Language"))
	d, to := o.Dispatch, h.textedTo(o)
	return &delivery{
		Handler: h.Handler, verifier: h.verifier, subject: h.subject, dispatch: d, account: h.pseudonym(),
		client: app.ClientIP(h.r), test: h.isTestNumber(to), standing: o.Standing, onFailure: h.onFailure(),
		message: sms.Message{
			ID: d.ID, To: to, Code: d.Code, TTL: d.ExpiresIn, Language: tongue.String(),
			Text: words.Text(d.Code, h.brand(), h.origin(), d.ExpiresIn),
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

	onFailure func(context.Context) // is called if the text does not go out; may be nil
}

// run sends the text, once, notes how it went, and returns how the account stands then.
func (d *delivery) run(ctx context.Context) otp.Standing {
	h := otp.Handover{Delivery: otp.DeliverySent, CodeBy: app.TestMaker}
	if d.test {
		d.log.Warn("no text sent: this is a test number", d.fields()...)
	} else {
		h = d.send(ctx)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	standing, err := d.verifier.Settle(ctx, d.subject, d.policy, d.dispatch, h)
	if err != nil {
		metrics.Faults.Inc()
		d.log.Error("result of a text cannot be written down", append(d.fields(), zap.Error(err))...)
		standing = d.standing
	}
	if h.Delivery == otp.DeliveryFailed && d.onFailure != nil {
		d.onFailure(ctx)
	}
	standing.Delivery = h.Delivery
	return standing
}

func (d *delivery) send(ctx context.Context) otp.Handover {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	d.expectReports(ctx)
	tries := d.app.Failover().Send(ctx, d.message, d.start())
	for _, t := range tries {
		d.note(t)
	}
	return d.handover(tries[len(tries)-1])
}

// start is the sender to begin with: behind the one that failed, where the operator wants that, and among those whose
// codes are made by whoever made the one that may still come.
func (d *delivery) start() sms.Order {
	start := sms.Order{SkipSender: d.skip(d.dispatch.SkipSender)}
	if d.dispatch.SameCodeBy {
		start.Prefer = func(e *sms.Entry) bool { return makerOf(e) == d.dispatch.CodeBy }
	}
	return start
}

// handover is what the last try means for the account. What is not known to have failed may have arrived.
func (d *delivery) handover(t sms.Try) otp.Handover {
	h := otp.Handover{Delivery: wentOf(t.Err), RetryAfter: sms.RetryAfterOf(t.Err)}
	entry := d.app.Failover().Entry(t.Sender)
	if h.Delivery == otp.DeliveryFailed || entry == nil {
		return h
	}
	h.Sender, h.CodeBy = entry.Name, makerOf(entry)
	if c, ok := entry.Sender.(sms.Confirmer); h.CodeBy != "" || ok && c.Confirms() {
		h.ProviderID = t.Receipt.ID
	}
	if d.app.Reported(entry.Name) {
		h.ReportID = t.Receipt.ID
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
	metrics.Texts.WithLabelValues(t.Sender, string(went), string(class)).Inc()
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
