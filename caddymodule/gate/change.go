package gate

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// A verified visitor may change a number that the register has, where directory enroll lets visitors give theirs. That
// takes two codes: a fresh one on the old number, and one on the new number. The first code is an ordinary one, which
// opens a session; while that session is fresh, the page asks for the new number as it asks for a first one. All other
// sessions of the user end with the change.

// changeWindow is how recent the code on the old number must be.
const changeWindow = 10 * time.Minute

// changes reports whether the visitor is on the way to another number.
func (v *visitor) changes() bool { return v.at.query.page == changeAction }

// accountAddress is the address of the page of the account.
func (v *visitor) accountAddress() string { return v.action(accountAction) }

// changeNumber shows the page on which a visitor changes the number: the code on the old one is asked for first, then
// the new number, then its code.
func (c *caller) changeNumber() error {
	if c.navigates() || c.framed() {
		return c.challenge()
	}
	return c.status()
}

// beginChange makes a holder with a fresh session give another number in the place of the one that proved the session.
// Without a fresh session nothing is changed yet: the code on the old number comes first.
func (h *holder) beginChange() error {
	changeable, err := h.changeable()
	if err != nil {
		return err
	}
	if h.stays = !changeable; h.stays {
		return nil
	}
	admitted := h.admitted()
	if admitted == nil {
		return nil
	}
	if h.replaces = h.numberOf(admitted); h.replaces == "" {
		h.stays = true
		return nil
	}
	h.enrols, h.number, h.numbers = true, "", nil
	h.recall()
	return nil
}

// changeable reports whether the numbers of the account are those in the register, and the visitor may give others.
func (a *account) changeable() (bool, error) {
	if a.enrolment == nil {
		return false, nil
	}
	numbers, err := a.elsewhere.Lookup(a.ctx, directory.Person{Name: a.subject.Name, Given: a.given})
	return len(numbers) == 0, err
}

// endOthers ends all sessions of the user in every zone. The session that is about to be opened is younger.
func (h *holder) endOthers(o *otp.Outcome) (err error) {
	ctx, cancel := context.WithTimeout(h.ctx, storeTimeout)
	defer cancel()
	for _, zone := range h.app.Zones() {
		subject := otp.Subject{Zone: zone, Name: h.subject.Name}
		if zone == h.Zone {
			o.Stamp, err = h.app.EndOtherSessions(ctx, subject)
		} else {
			err = h.app.EndSessions(ctx, subject)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
