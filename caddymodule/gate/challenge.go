package gate

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// ticketLife is how long a browser keeps its ticket: as long as a challenge can last.
const ticketLife = otp.MaxCodeTTL

// challenge shows the page to a navigation, and tells everything else that there is one.
func (c *caller) challenge() error {
	if !c.navigates() {
		return c.turnAway() // a frame too
	}
	if lines := c.cookieLines(c.r); tooMany(lines, c.at.names.session) || tooMany(lines, c.at.names.challenge) {
		return c.answer(problem.Cookies.Refusal())
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	if c.carriesSession() {
		if err := c.hear(); err != nil {
			return a.fault("store does not answer", err)
		}
		if c.admitted() != nil && !c.changes() {
			return c.comeAgain()
		}
	}
	a.interrupt()
	h, err := a.lookUp()
	if err != nil {
		return a.cannotTell(err)
	}
	switch {
	case h.stays:
		return h.redirect(h.accountAddress())
	case h.number == "":
		return h.numberless()
	case h.unproven != nil:
		return h.resume()
	}
	return h.beginChallenge()
}

// hear waits until the store has been heard of, so that nobody who has a session is taken for a stranger and gets a
// text, because this gateway does not know better for a moment: the machine was halted, its clock was put forward, or
// the store was away for longer than stale_ok.
func (c *caller) hear() error {
	ctx, cancel := context.WithTimeout(c.ctx, storeTimeout)
	defer cancel()
	_, err := c.app.Backend().Follower().WaitRecent(ctx, c.staleOK)
	return err
}

// comeAgain is the answer to a visitor who is verified, as the gateway has heard only now.
func (c *caller) comeAgain() error {
	if c.r.Method == http.MethodGet {
		return c.redirect(c.home())
	}
	return c.answer(problem.StoreUnavailable.After(problem.AfterOutage)) // a redirect would lose what was posted
}

// turnAway tells a request that is no navigation what it lacks. It starts nothing and costs nothing.
func (c *caller) turnAway() error {
	f := problem.VerificationRequired.Refusal()
	c.app.Backend().Start()
	follower := c.app.Backend().Follower()
	silent := follower == nil || follower.Recent(c.clock(), c.staleOK) == nil
	if silent && c.carriesSession() || follower != nil && follower.Fault() != nil {
		f = problem.StoreUnavailable.After(problem.AfterOutage)
	}
	if c.framed() {
		return c.answer(f)
	}
	return c.refuse(c.w, c.r, c.at, f)
}

// carriesSession reports whether the browser came with a session, whatever that is worth.
func (v *visitor) carriesSession() bool {
	tokens := cookiesOf(v.cookieLines(v.r), v.at.names.session)
	return tokens.next()
}

// beginChallenge finds the holder's challenge, or begins one. Where a text could not be sent at once, none is begun;
// where no person asked for the page, the text waits for the button.
func (h *holder) beginChallenge() error {
	if h.Send == "button" || h.unasked() {
		return h.showChallenge(h.look())
	}
	slot, o, err := h.reserve(false)
	switch {
	case err == nil && h.needsProbe(o):
		if slot != nil {
			slot.Release()
		}
		return h.startProbe()
	case err != nil || o.Kind != otp.Idle:
		return h.showChallenge(o, err)
	case slot == nil:
		return h.tooBusy(o)
	}
	defer slot.Release()
	o, err = h.begin()
	if err != nil {
		h.takeBack(o.Dispatch, slot)
	}
	if err == nil && o.Kind == otp.Sending {
		metrics.Challenges.Inc()
		o = h.deliver(o, slot)
	}
	return h.showChallenge(o, err)
}

func (h *holder) showChallenge(o otp.Outcome, err error) error {
	if err != nil {
		return h.fault("challenge cannot begin", err)
	}
	return h.showOutcome(o)
}

// reserve finds out whether a text is due, and takes a slot for the text only then: whoever gets no text takes no room
// from those who do. The outcome is Idle when a text is due; there may be no slot for it nevertheless. With asked, the
// visitor has asked for a text, so that one is due also where a challenge waits. Of the requests of one account, one
// at a time orders a text; the others wait, and look again.
func (h *holder) reserve(asked bool) (*app.Slot, otp.Outcome, error) {
	patience := time.NewTimer(storeTimeout)
	defer patience.Stop()
	for full := false; ; {
		o, err := h.look()
		if o = due(o, asked); err != nil || o.Kind != otp.Idle {
			return nil, o, err
		}
		slot, turn := h.app.Backend().Outbox().ReserveFor(h.pseudonym(), h.app.InFlight())
		if slot != nil || turn == nil && full {
			return slot, o, nil
		}
		if turn == nil {
			full = true // another request of the account may have ordered the text since the look
			continue
		}
		select {
		case <-turn:
		case <-patience.C:
			return nil, o, nil
		}
	}
}

// due makes an outcome Idle where a text is to be sent, and Limited where a text would be but must wait.
func due(o otp.Outcome, asked bool) otp.Outcome {
	switch {
	case o.Kind != otp.Idle && !(asked && o.Kind == otp.Waiting):
	case o.Standing.ResendIn > 0:
		o.Kind = otp.Limited
	default:
		o.Kind = otp.Idle
	}
	return o
}

// tooBusy asks the visitor to come back: more texts are on their way than may be.
func (h *holder) tooBusy(o otp.Outcome) error {
	h.log.Error("too many texts are on their way, visitors are asked to come back",
		h.fields(zap.Int("max_in_flight", h.app.InFlight()))...)
	f := h.about(problem.Busy.After(problem.AfterOutage), h.number)
	f.Outcome = &o
	return h.answer(f)
}

// keepTicket makes sure that the browser has the ticket of the challenge it is shown.
func (a *account) keepTicket(o otp.Outcome) {
	a.ticket.Challenge = o.Challenge.ID
	a.at.names.set(a.w, a.at.names.challenge, a.ticket.String(), ticketLife)
}
