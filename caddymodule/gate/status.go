package gate

import (
	"net/http"
	"time"

	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
)

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
func (c *caller) status() error {
	if admitted := c.admitted(); admitted != nil {
		return problem.WriteJSON(c.w, c.r, http.StatusOK, "application/json", verified(admitted.session.Expires))
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	h, err := a.lookUp()
	if err != nil {
		return a.fault("directory does not answer", err)
	}
	o, err := h.look()
	if err != nil {
		return a.fault("status cannot be read", err)
	}
	return problem.WriteJSON(c.w, c.r, http.StatusOK, "application/json", h.statusOfChallenge(o))
}

func (h *holder) statusOfChallenge(o otp.Outcome) statusBody {
	if o.Challenge.ID == (otp.ChallengeID{}) {
		return statusBody{}
	}
	now := h.clock()
	return statusBody{
		Phone:        h.number.Masked(),
		ExpiresAt:    now.Add(o.Standing.ExpiresIn).UTC().Format(time.RFC3339),
		ResendAt:     now.Add(roundUp(o.Standing.ResendIn)).UTC().Format(time.RFC3339),
		AttemptsLeft: &o.Standing.AttemptsLeft,
		Delivery:     string(o.Standing.Delivery),
	}
}

// roundUp rounds to whole seconds, of which the moment that they are added to may lose one, so that no client comes
// back too early.
func roundUp(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d.Truncate(time.Second) + time.Second
}
