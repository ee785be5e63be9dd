package gate

import (
	"crypto/rand"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// recall finds the number that the browser has given and not proved, among the seals in its cookies: a number in the
// place of the one that is to be changed, or a first one. The ticket that the seal belongs to is the one that counts
// then.
func (h *holder) recall() {
	for seals := cookiesOf(h.cookieLines(h.r), h.at.names.number); seals.next(); {
		for _, t := range h.tickets {
			u, ok := h.verifier.Open(h.subject, t.Browser, seals.value, h.clock())
			if ok && u.Replaces == h.replaces.E164() {
				h.ticket, h.unproven = t, &u
				h.number, h.numbers = phone.Number(u.Number), []phone.Number{phone.Number(u.Number)}
				return
			}
		}
	}
}

// take makes a number the one that the visitor has given. What was counted for the same number stays with it.
func (h *holder) take(n phone.Number) error {
	if h.unproven == nil || h.unproven.Number != n.E164() {
		h.unproven = &otp.Unproven{Number: n.E164(), Replaces: h.replaces.E164(), Try: rand.Text()}
	}
	h.number, h.numbers = n, []phone.Number{n}
	return h.seal()
}

// seal gives the browser the number to keep, as long as a challenge can last; what a right code has opened, so long
// after the code.
func (h *holder) seal() error {
	h.unproven.Until = h.clock().Add(ticketLife)
	if o := h.unproven.Opened; o != nil {
		h.unproven.Until = o.At.Add(ticketLife)
	}
	sealed, err := h.verifier.Seal(h.subject, h.ticket.Browser, *h.unproven)
	if err == nil {
		h.at.names.set(h.w, h.at.names.number, sealed, ticketLife)
	}
	return err
}

// keepProof gives the browser, beside the number, what its right code has opened: the register did not answer, and the
// browser comes again without another text.
func (h *holder) keepProof(o otp.Outcome) {
	h.unproven.Opened = &otp.Opened{
		Session: o.Session, At: h.clock().Add(-o.OpenedAgo), Stamp: o.Stamp, Trusted: h.wantsTrust,
	}
	if err := h.seal(); err != nil {
		h.fault("proof cannot be sealed", err)
	}
}

// forgetNumber takes the number from the browser: it is the user's now, or never will be.
func (h *holder) forgetNumber() {
	h.unproven = nil
	h.at.names.set(h.w, h.at.names.number, "", 0)
}

// enterProved gives the browser the session that its right code has opened before.
func (h *holder) enterProved(asJSON bool) error {
	h.wantsTrust = h.unproven.Opened.Trusted
	return h.enter(h.unproven.Opened.Outcome(h.clock()), asJSON)
}

// resume goes on with a number that was given: with the proof, if there is one, and else with the code that it waits
// for. It texts nothing.
func (h *holder) resume() error {
	if h.unproven.Opened != nil {
		return h.enterProved(false)
	}
	return h.showChallenge(h.look())
}
