package gate

import (
	"net/http"

	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// A browser that keeps no cookies can never be let in: nothing would tell it from others when it comes with the code.
// Whether a browser keeps them is not known when it first comes. When one without a ticket comes while a text is out
// whose code nobody has typed, that text may be its own: then it is sent to "?sms_2fa=cookie" with a ticket, and gets
// another text, or the field of a challenge, only if it brings the ticket along. So such a browser costs one text, and
// not one with each visit.

// needsProbe reports whether the browser has to show that it keeps cookies, before it gets a text or a field.
func (h *holder) needsProbe(o otp.Outcome) bool {
	shows := o.Kind == otp.Idle || o.Kind == otp.Waiting
	return o.Awaited && shows && len(h.tickets) == 0 && h.r.Method == http.MethodGet
}

// startProbe gives the browser a ticket without a challenge and sends it to where that is looked for.
func (h *holder) startProbe() error {
	h.keepTicket(otp.Outcome{})
	return h.redirect(h.action("cookie"))
}

// endProbe sends a browser that has brought a ticket back to the address it asked for, and tells every other one what
// is wrong.
func (v *visitor) endProbe() error {
	if len(v.at.names.tickets(v.cookieLines(v.r))) > 0 {
		return v.redirect(v.home())
	}
	return v.answer(problem.NoCookie.Refusal())
}
