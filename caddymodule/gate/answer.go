package gate

import (
	"cmp"
	"errors"
	"mime"
	"net/http"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// answer says no to a visitor for whose account nothing is known.
func (v *visitor) answer(f problem.Refusal) error { return v.answerWith(f, "") }

// answerWith says no, as a page to a person and as a problem to everything else. csrf is the proof that the page's
// forms carry, "" on a page without forms.
func (v *visitor) answerWith(f problem.Refusal, csrf string) error {
	if v.framed() || v.navigates() || v.at.query.found && v.submitted() {
		metrics.Refusals.WithLabelValues(f.Name).Inc()
		problem.RetryAfter(v.w, f.Retry)
		view := v.viewOf(f)
		view.CSRF = csrf
		if v.framed() {
			view = v.inFrame()
		}
		return v.show(v.statusOf(f.Problem), view)
	}
	return v.refuse(v.w, v.r, v.at, f)
}

// refuse answers with a problem, and counts it.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, at location, f problem.Refusal) error {
	metrics.Refusals.WithLabelValues(f.Name).Inc()
	f.GateName = h.gateName(r, at)
	return problem.Write(w, r, f, h.statusOf(f.Problem))
}

func (h *Handler) statusOf(p problem.Problem) int { return cmp.Or(p.Status, h.ChallengeStatus) }

// fault answers when something does not work that should, before the account is known.
func (v *visitor) fault(doing string, err error) error { return v.answer(v.noteFault(doing, "", err)) }

// noteFault counts and logs a fault, and returns what the visitor is told: that it is not their doing.
func (v *visitor) noteFault(doing, pseudonym string, err error) problem.Refusal {
	metrics.Faults.Inc()
	v.log.Error(doing, zap.String("zone", v.Zone), zap.String("account", pseudonym), zap.Error(err), app.ClientIP(v.r))
	f := problem.StoreUnavailable.After(problem.AfterOutage)
	if errors.Is(err, otp.ErrRecord) {
		f.Reason = "The account's record cannot be read."
	}
	return f
}

func (v *visitor) redirect(to string) error {
	v.w.Header().Set("Location", to)
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// submitted reports whether a request is a form of the page, so that a page is its answer.
func (v *visitor) submitted() bool {
	t, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	return err == nil && t == "application/x-www-form-urlencoded" && v.r.Method == http.MethodPost
}
