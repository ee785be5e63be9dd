package gate

import (
	"net/http"
	"time"

	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// statusBody is the body of GET ?sms_2fa=status and of an accepted send. Times are RFC 3339, in UTC.
type statusBody struct {
	Verified bool `json:"verified"`
	// State is how the account stands while the visitor is not verified.
	State        accountState `json:"state,omitempty"`
	Phone        string       `json:"phone,omitempty"`      // of an open challenge, masked
	Phones       []string     `json:"phones,omitempty"`     // all of the user's, masked, by their positions
	ExpiresAt    string       `json:"expires_at,omitempty"` // end of the session, or of the open challenge
	BlockedUntil string       `json:"blocked_until,omitempty"`
	ResendAt     string       `json:"resend_at,omitempty"` // when the next text may be asked for
	AttemptsLeft *int         `json:"attempts_left,omitempty"`
	Delivery     string       `json:"delivery,omitempty"` // of the latest text of an open challenge
}

// accountState is how an account stands. The values are part of the API.
type accountState string

const (
	stateNone     accountState = "none"               // nothing waits, and a text may be asked for
	stateWaiting  accountState = "waiting"            // a challenge waits for its code
	stateLimited  accountState = "limited"            // nothing waits, and no text may be asked for before ResendAt
	stateBlocked  accountState = "blocked"            // too many wrong codes, until BlockedUntil
	stateDisabled accountState = "disabled"           // too many wrong codes, until an operator unlocks the account
	stateNoPhone  accountState = "no-phone"           // there is no number to which a text could go
	stateEnrol    accountState = "enrolment-required" // the same, and the visitor may give one
)

// status tells how things stand, and changes nothing.
func (c *caller) status() error {
	if admitted := c.admitted(); admitted != nil && !c.changes() {
		return problem.WriteJSON(c.w, c.r, http.StatusOK, "application/json", verified(admitted.session.Expires))
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	h, err := a.lookUp()
	if err != nil {
		return a.cannotTell(err)
	}
	o, err := h.look()
	if err != nil {
		return a.fault("status cannot be read", err)
	}
	return problem.WriteJSON(c.w, c.r, http.StatusOK, "application/json", h.statusOf(o))
}

// statusOf is how the account stands after an outcome.
func (h *holder) statusOf(o otp.Outcome) statusBody {
	switch {
	case h.number == "" && h.enrols:
		return statusBody{State: stateEnrol}
	case h.number == "":
		return statusBody{State: stateNoPhone}
	}
	b := statusBody{State: stateOf(o), Phones: h.masked(), AttemptsLeft: &o.Standing.AttemptsLeft}
	now, textIn := h.clock(), o.Standing.ResendIn
	switch b.State {
	case stateBlocked:
		textIn = max(textIn, o.Standing.BlockedFor) // nobody gets a text in a block
		b.BlockedUntil = moment(now, roundUp(o.Standing.BlockedFor))
		b.AttemptsLeft = new(int)
	case stateDisabled:
		b.AttemptsLeft = new(int)
	}
	waits := o.Challenge.ID != (otp.ChallengeID{})
	if waits {
		b.Phone, b.ExpiresAt = h.textedTo(o).Masked(), moment(now, o.Standing.ExpiresIn)
		b.Delivery = string(o.Standing.Delivery)
	}
	if b.State != stateDisabled && (waits || textIn > 0) {
		b.ResendAt = moment(now, roundUp(textIn))
	}
	return b
}

func stateOf(o otp.Outcome) accountState {
	switch {
	case o.Kind == otp.Blocked:
		return stateBlocked
	case o.Kind == otp.Disabled:
		return stateDisabled
	case o.Challenge.ID != (otp.ChallengeID{}):
		return stateWaiting
	case o.Standing.ResendIn > 0:
		return stateLimited
	}
	return stateNone
}

// moment is a time some while from now, as JSON has it.
func moment(now time.Time, in time.Duration) string { return now.Add(in).UTC().Format(time.RFC3339) }

// roundUp rounds to whole seconds, of which the moment that they are added to may lose one, so that no client comes
// back too early.
func roundUp(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d.Truncate(time.Second) + time.Second
}
