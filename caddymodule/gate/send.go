package gate

import (
	"net/http"

	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// send sends a text, or sends it again, to the number that the visitor has chosen. A form of a page that is left over
// in a browser that is verified by now leads to the app, and costs no text.
func (c *caller) send() error {
	s, err := c.read()
	if err != nil {
		return c.answer(c.unreadable(err, ""))
	}
	if !s.json && c.admitted() != nil {
		return c.redirect(c.home())
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	if !a.trusts(s) {
		return a.answer(a.unreadable(a.unproved(), a.pseudonym()))
	}
	h, err := a.lookUp()
	if err != nil {
		return a.cannotTell(err)
	}
	if h.number == "" {
		return a.answer(problem.NoPhone.Refusal())
	}
	if f, ok := h.choose(s); !ok {
		return a.answer(f)
	}
	return h.sendText(s)
}

func (h *holder) sendText(s submission) error {
	slot, o, err := h.reserve(true)
	switch {
	case err != nil:
		return h.fault("account cannot be read", err)
	case o.Kind != otp.Idle:
		return h.showOutcome(o)
	case slot == nil:
		return h.tooBusy(o)
	}
	defer slot.Release()
	o, err = h.order()
	if err != nil {
		h.takeBack(o.Dispatch, slot)
		return h.fault("text cannot be counted", err)
	}
	if o.Kind != otp.Sending {
		return h.showOutcome(o)
	}
	o = h.deliver(o, slot)
	if o.Standing.Delivery == otp.DeliveryFailed && s.json {
		return h.showOutcome(o)
	}
	h.keepTicket(o)
	if s.json {
		return problem.WriteJSON(h.w, h.r, http.StatusAccepted, "application/json", h.statusOf(o))
	}
	return h.redirect(h.home())
}
