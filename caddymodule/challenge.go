package caddymodule

import (
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/page"
)

// ticketLife is how long a browser keeps its ticket: as long as a challenge can last.
const ticketLife = otp.MaxCodeTTL

// challenge shows the page to a navigation, and tells everything else that there is one.
func (v *visit) challenge() error {
	if !v.navigation() {
		return v.turnAway()
	}
	if err := v.reach(); err != nil {
		return v.fault("store does not answer", err)
	}
	if v.r.Method == http.MethodGet && v.admit(v.r, v.repl, v.place) != nil {
		return v.redirect(v.place.home()) // the store was heard of only now
	}
	found, err := v.findNumber()
	if err != nil {
		return v.fault("directory does not answer", err)
	}
	if !found {
		return v.answer(noPhone.refusal())
	}
	o, err := v.begin()
	if err != nil {
		return v.fault("challenge cannot begin", err)
	}
	if o.Kind == otp.Idle && v.Send != "button" {
		return v.tooBusy()
	}
	return v.showOutcome(o)
}

// turnAway tells a request that is no navigation what it lacks. It starts nothing and costs nothing.
func (v *visit) turnAway() error {
	f := verificationRequired.refusal()
	v.app.realm.start()
	_, carries := onlyCookie(v.cookieLines(v.r), v.place.names.session)
	view := v.app.realm.view()
	silent := view == nil || view.Era() == nil
	if silent && carries || view != nil && view.Fault() != nil {
		f = storeUnavailable.refusal()
		f.retry = outageRetry
	}
	return v.refuse(v.w, v.r, f)
}

// begin finds the visitor's challenge, or begins one. Where a text could not be sent at once, none is begun.
func (v *visit) begin() (otp.Outcome, error) {
	var place *slot
	if v.Send != "button" {
		place = v.app.realm.outbox.reserve(v.app.inFlight())
	}
	if place == nil {
		return v.verifier.Look(v.ctx, v.subject, v.ticket, v.policy)
	}
	defer place.release()
	o, err := v.verifier.Begin(v.ctx, v.subject, v.ticket, v.policy, v.recipient())
	if err != nil || o.Kind != otp.Sending {
		return o, err
	}
	metrics.challenges.Inc()
	return v.deliver(o, place), nil
}

// tooBusy asks the visitor to come back: more texts are on their way than may be.
func (v *visit) tooBusy() error {
	v.log.Error("too many texts are on their way, visitors are asked to come back", zap.Int("max_in_flight", v.app.inFlight()),
		zap.String("zone", v.Zone), zap.String("account", v.account()), clientIP(v.r))
	f := busy.refusal()
	f.retry, f.phone = outageRetry, v.number.Masked()
	return v.answer(f)
}

// showOutcome shows the page for how the account stands.
func (v *visit) showOutcome(o otp.Outcome) error {
	v.keepTicket(o)
	f := v.problemOf(o)
	f.outcome, f.phone = &o, v.number.Masked()
	return v.answer(f)
}

// keepTicket makes sure that the browser has the ticket of the challenge it is shown.
func (v *visit) keepTicket(o otp.Outcome) {
	v.ticket.Challenge = o.Challenge.ID
	v.place.names.set(v.w, v.place.names.challenge, v.ticket.String(), ticketLife)
}

// problemOf is what an outcome means for the visitor.
func (v *visit) problemOf(o otp.Outcome) refusal {
	f := refusal{problem: verificationRequired, outcome: &o}
	switch o.Kind {
	case otp.Wrong, otp.Malformed:
		f.problem = codeIncorrect
	case otp.Expired:
		f.problem = codeExpired
	case otp.Blocked:
		f.problem, f.retry = blocked, o.Standing.BlockedFor
	case otp.Disabled:
		f.problem, f.retry = disabled, disabledRetry
	case otp.Limited:
		f.problem, f.retry = tooManyRequests, o.Standing.ResendIn
	case otp.Sending:
		if o.Standing.Delivery == otp.DeliveryFailed {
			f.problem, f.retry = deliveryFailed, o.Standing.ResendIn
		}
	}
	return f
}

// viewOf is what the page shows for a refusal.
func (v *visit) viewOf(f refusal) page.View {
	view := page.View{
		State: f.state, Brand: first(v.Brand, v.originOf(v.r)), Phone: f.phone, CodeLength: v.policy.CodeLength,
		RetryAfter: f.retry, Reports: len(v.app.reported) > 0,
		VerifyURL: v.action("verify"), SendURL: v.action("send"), StatusURL: v.action("status"),
		HomeURL: v.place.home(),
	}
	if v.verifier != nil {
		view.CSRF = v.verifier.Keys().Proof(v.subject, v.ticket)
	}
	if f.outcome != nil {
		describe(&view, f)
	}
	return view
}

// action is the address for one of our own requests, relative to the page.
func (v *visit) action(value string) string { return v.place.action(value, v.way(v.r, v.place.url)) }

// describe adds how the account stands.
func describe(view *page.View, f refusal) {
	s, c := f.outcome.Standing, f.outcome.Challenge
	view.AttemptsLeft, view.ResendIn, view.ExpiresIn = s.AttemptsLeft, s.ResendIn, s.ExpiresIn
	view.Delivery = page.Delivery(s.Delivery)
	waiting := c.ID != otp.ChallengeID{}
	switch f.problem {
	case verificationRequired:
		if waiting {
			view.State = page.Enter
		}
	case codeIncorrect:
		view.Problem = page.CodeIncorrect
	case codeExpired:
		view.State, view.Problem = page.Start, page.CodeExpired
	}
}

func (v *visit) signedOut() page.View {
	return page.View{State: page.SignedOut, Brand: first(v.Brand, v.originOf(v.r)), HomeURL: v.place.home()}
}

// show writes the page.
func (v *visit) show(status int, view page.View) error {
	v.w.Header().Set("Vary", "Cookie, Authorization, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept")
	return v.page.Write(v.w, status, view)
}

// statusBody is the body of GET ?sms_2fa=status and of an accepted send.
type statusBody struct {
	Verified     bool   `json:"verified"`
	Phone        string `json:"phone,omitempty"`
	ExpiresAt    string `json:"expires_at,omitempty"`
	ResendAt     string `json:"resend_at,omitempty"`
	AttemptsLeft *int   `json:"attempts_left,omitempty"`
	Delivery     string `json:"delivery,omitempty"`
}

// status tells how things stand, and changes nothing.
func (v *visit) status() error {
	if a := v.admit(v.r, v.repl, v.place); a != nil {
		end := a.session.Expires.UTC().Format(time.RFC3339)
		return writeJSON(v.w, v.r, http.StatusOK, "application/json", statusBody{Verified: true, ExpiresAt: end})
	}
	if err := v.reach(); err != nil {
		return v.fault("store does not answer", err)
	}
	o, err := v.verifier.Look(v.ctx, v.subject, v.ticket, v.policy)
	if err != nil {
		return v.fault("status cannot be read", err)
	}
	if _, err := v.findNumber(); err != nil {
		return v.fault("directory does not answer", err)
	}
	return writeJSON(v.w, v.r, http.StatusOK, "application/json", v.statusOfChallenge(o))
}

func (v *visit) statusOfChallenge(o otp.Outcome) statusBody {
	if o.Challenge.ID == (otp.ChallengeID{}) {
		return statusBody{}
	}
	now := v.app.now()
	return statusBody{
		Phone:        v.number.Masked(),
		ExpiresAt:    now.Add(o.Standing.ExpiresIn).UTC().Format(time.RFC3339),
		ResendAt:     now.Add(roundUp(o.Standing.ResendIn)).UTC().Format(time.RFC3339),
		AttemptsLeft: &o.Standing.AttemptsLeft,
		Delivery:     string(o.Standing.Delivery),
	}
}

// roundUp rounds to whole seconds, of which the moment that they are added to may lose one, so that nobody comes back too early.
func roundUp(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d.Truncate(time.Second) + time.Second
}
