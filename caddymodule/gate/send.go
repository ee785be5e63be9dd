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
	switch {
	case h.number == "":
		return h.numberless()
	case h.unproven != nil && h.unproven.Opened != nil:
		return h.enterProved(s.json)
	}
	if f, ok := h.choose(s); !ok {
		return a.answer(f)
	}
	return h.text(s, true, h.order)
}

// text orders a text and sends it. With asked, the visitor has asked for one; otherwise a challenge that waits needs
// none.
func (h *holder) text(s submission, asked bool, order func() (otp.Outcome, error)) error {
	slot, o, err := h.reserve(asked)
	switch {
	case err != nil:
		return h.fault("account cannot be read", err)
	case o.Kind == otp.Waiting:
		return h.texted(s, o)
	case o.Kind != otp.Idle:
		return h.showOutcome(o)
	case slot == nil:
		return h.tooBusy(o)
	}
	defer slot.Release()
	if excess, err := h.countText(); err != nil {
		return h.fault("text cannot be counted", err)
	} else if excess.Limit != "" {
		return h.tooManyTries(excess)
	}
	o, err = order()
	switch {
	case err != nil:
		h.returnLatest()
		h.takeBack(o.Dispatch, slot)
		return h.fault("text cannot be counted", err)
	case o.Kind == otp.Waiting:
		h.returnLatest()
		return h.texted(s, o)
	case o.Kind != otp.Sending:
		h.returnLatest()
		return h.showOutcome(o)
	}
	return h.texted(s, h.deliver(o, slot))
}

// texted tells the visitor that a text is on its way, or was before.
func (h *holder) texted(s submission, o otp.Outcome) error {
	if o.Standing.Delivery == otp.DeliveryFailed && s.json {
		return h.showOutcome(o)
	}
	h.keepTicket(o)
	if h.unproven != nil {
		if err := h.seal(); err != nil {
			return h.fault("number cannot be sealed", err)
		}
	}
	if s.json {
		return problem.WriteJSON(h.w, h.r, http.StatusAccepted, "application/json", h.statusOf(o))
	}
	return h.redirect(h.home())
}
