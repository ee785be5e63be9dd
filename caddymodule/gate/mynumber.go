package gate

import (
	"html/template"
	"net/http"
	"time"

	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/page"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// numberBody is the body of GET ?sms_2fa=account for what is no page navigation. Phone is masked, and VerifiedAt is
// when its code was right, in RFC 3339 and UTC.
type numberBody struct {
	Verified   bool   `json:"verified"`
	Phone      string `json:"phone,omitempty"`
	VerifiedAt string `json:"verified_at,omitempty"`
}

// myNumber shows a verified visitor the number that proved the session, and the ways to sign out. Everybody else gets
// what any navigation gets, and comes back here after the code.
func (c *caller) myNumber() error {
	if c.framed() {
		return c.turnAway()
	}
	admitted := c.admitted()
	if admitted == nil && c.carriesSession() {
		if err := c.hear(); err != nil {
			return c.fault("store does not answer", err)
		}
		admitted = c.admitted()
	}
	switch {
	case admitted == nil && c.navigates():
		return c.challenge()
	case admitted == nil:
		return c.tellNumber(numberBody{})
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	number := a.provedBy(admitted)
	if !c.navigates() {
		return c.tellNumber(numberBody{Verified: true, Phone: number.Masked(), VerifiedAt: admitted.verifiedAt.(string)})
	}
	changeable, err := a.changeable()
	if err != nil {
		a.noteSilence(err)
	}
	return a.showNumber(number, admitted.session.AuthTime, changeable && number != "")
}

func (c *caller) tellNumber(b numberBody) error {
	return problem.WriteJSON(c.w, c.r, http.StatusOK, "application/json", b)
}

// provedBy is the number that proved a session, "" where it is not known: a directory does not answer, or does not
// have the number any more. Neither keeps a visitor from signing out.
func (a *account) provedBy(admitted *admission) phone.Number {
	h, err := a.lookUp()
	if err != nil {
		a.noteSilence(err)
		return ""
	}
	return h.numberOf(admitted)
}

// numberOf is which of the holder's numbers proved a session, "" for none.
func (h *holder) numberOf(admitted *admission) phone.Number {
	claim := admitted.session.Number
	for _, n := range h.numbers {
		if claim == "" || claim == h.verifier.Keys().Number(h.subject, n.E164()) {
			return n
		}
	}
	return ""
}

// showNumber shows the page of the account. Its forms are this browser's, by a ticket without a challenge if the
// browser has no other.
func (a *account) showNumber(number phone.Number, verified time.Time, changeable bool) error {
	if len(a.tickets) == 0 {
		a.at.names.set(a.w, a.at.names.challenge, a.ticket.String(), ticketLife)
	}
	view := a.plain(page.Account)
	view.Phone, view.VerifiedAt = number.Masked(), verified.UTC()
	view.HomeURL = template.URL(a.plainAddress())
	if changeable {
		view.ChangeURL = template.URL(a.action(changeAction))
	}
	view.LogoutURL, view.LogoutAllURL = template.URL(a.action("logout")), template.URL(a.action("logout-everywhere"))
	view.CSRF = a.verifier.Keys().Proof(a.subject, a.ticket)
	return a.show(http.StatusOK, view)
}
