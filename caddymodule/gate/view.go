package gate

import (
	"cmp"
	"fmt"
	"html/template"

	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/page"
)

// showOutcome shows the page for how the account stands.
func (h *holder) showOutcome(o otp.Outcome) error {
	h.keepTicket(o)
	f := h.about(h.problemOf(o), h.textedTo(o))
	f.Unproven = h.unproven != nil
	return h.answer(f)
}

// problemOf is what an outcome means for the visitor.
func (h *holder) problemOf(o otp.Outcome) problem.Refusal {
	f := problem.VerificationRequired.Refusal()
	switch o.Kind {
	case otp.Wrong:
		f = problem.CodeIncorrect.Refusal()
	case otp.Malformed:
		f = problem.NotACode.Because(h.codeForm())
	case otp.Expired:
		f = problem.CodeExpired.Refusal()
	case otp.Blocked:
		f = problem.Blocked.After(o.Standing.BlockedFor)
	case otp.Disabled:
		f = problem.Disabled.After(problem.AfterDisabled)
	case otp.Limited:
		f = problem.TooManyRequests.After(o.Standing.ResendIn)
	case otp.Sending:
		if o.Standing.Delivery == otp.DeliveryFailed {
			f = problem.DeliveryFailed.After(o.Standing.ResendIn)
		}
	}
	f.Outcome = &o
	return f
}

// viewOf is what the page shows for a refusal.
func (v *visitor) viewOf(f problem.Refusal) page.View {
	view := v.plain(f.State)
	view.Phone, view.Others, view.CodeLength = f.Phone, othersOf(f), v.policy.CodeLength
	view.RetryAfter, view.Reports = f.Retry, v.app.AnyReports()
	view.VerifyURL, view.SendURL = template.URL(v.action("verify")), template.URL(v.action("send"))
	view.StatusURL, view.LookURL = template.URL(v.action("status")), template.URL(v.action("look"))
	view.LogoutURL = template.URL(v.action("logout"))
	view.Interrupted = v.interrupted
	view.Trust, view.Trusted = v.trust, v.wantsTrust
	if f.Outcome != nil {
		describe(&view, f)
	}
	if f.Ask != nil || f.Unproven {
		view.Ask, view.EnrollURL = f.Ask, template.URL(v.action("enroll"))
	}
	switch f.Problem {
	case problem.NotACode, problem.TooLong:
		view.Problem = page.NotACode
	case problem.NumberRefused:
		view.Problem = page.NumberRefused
	}
	return view
}

// codeForm says what a code looks like.
func (v *visitor) codeForm() string { return fmt.Sprintf("A code has %d digits.", v.policy.CodeLength) }

// describe adds how the account stands.
func describe(view *page.View, f problem.Refusal) {
	s, c := f.Outcome.Standing, f.Outcome.Challenge
	view.AttemptsLeft, view.ResendIn, view.ExpiresIn = s.AttemptsLeft, s.ResendIn, s.ExpiresIn
	view.Delivery = page.Delivery(s.Delivery)
	waiting := c.ID != otp.ChallengeID{}
	switch f.Problem {
	case problem.VerificationRequired:
		if waiting {
			view.State = page.Enter
		}
	case problem.TooManyRequests, problem.Busy:
		if waiting {
			view.State, view.Problem = page.Enter, page.NoMoreTexts
		}
	case problem.CodeIncorrect:
		view.Problem = page.CodeIncorrect
	case problem.CodeExpired:
		view.State, view.Problem = page.Start, page.CodeExpired
	}
}

// plain is a page that holds no more than its words, a link, and ways out for a visitor who is stuck.
func (v *visitor) plain(state page.State) page.View {
	view := page.View{
		State: state, Brand: v.brand(), HomeURL: template.URL(v.link()), Help: v.help, Contact: v.contact, Logo: v.logo,
	}
	if v.ShowUser == "on" {
		view.User = v.user
	}
	return view
}

// inFrame is what is shown inside another page, whatever the answer is: a link out of it. No form works there,
// whatever a template of the operator's own has, and another site that shows the page learns nothing.
func (v *visitor) inFrame() page.View {
	return page.View{State: page.Framed, Brand: v.brand(), HomeURL: template.URL(v.link())}
}

// show writes the page in the visitor's language.
func (v *visitor) show(status int, view page.View) error {
	v.w.Header().Set("Vary", problem.Vary+", Accept-Language")
	view.Language = v.words.Choose(v.r.Header.Get("Accept-Language")).Tag.String()
	return v.page.Write(v.w, status, view)
}

// brand is the site's name on the page and in the text.
func (v *visitor) brand() string { return cmp.Or(v.Brand, v.origin()) }

// origin is the host for the last line of the text.
func (v *visitor) origin() string { return cmp.Or(v.Origin, hostOf(v.r.Host)) }
