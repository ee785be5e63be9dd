package page

import (
	"maps"
	"slices"
	"time"
)

// sample is a view with which Load tries a template, and what is special about it beside the state, the delivery and
// the problem.
type sample struct {
	View
	special string
}

// name is what the sample shows: its state, and what else there is to it.
func (s sample) name() string {
	name := string(s.State)
	for _, part := range []string{string(s.Delivery), string(s.Problem)} {
		if (s.State == Enter || s.State == Enroll) && part != "" {
			name += "-" + part
		}
	}
	if s.special != "" {
		name += "-" + s.special
	}
	return name
}

// samples are views of every state, of every delivery and problem of the state Enter, and of what only some operators
// and visitors have.
func samples() []sample {
	base := View{
		Brand: "Acme", Phone: "••••••••06", CodeLength: 6, AttemptsLeft: 3,
		ExpiresIn: 5 * time.Minute, ResendIn: time.Minute,
		VerifyURL: "?sms_2fa=verify", SendURL: "?sms_2fa=send", LogoutURL: "?sms_2fa=logout",
		LogoutAllURL: "?sms_2fa=logout-everywhere", VerifiedAt: time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC),
		StatusURL: "?sms_2fa=status", HomeURL: "./", ChangeURL: "?sms_2fa=change", LookURL: "?sms_2fa=look",
		RestoreURL: "?sms_2fa=restore", Held: "/articles/new",
		CSRF: "token", Nonce: "nonce",
	}
	var all []sample
	add := func(special string, v View) { all = append(all, sample{v, special}) }
	for _, s := range []State{
		Start, Blocked, Disabled, Limited, NoPhone, NoIdentity, Unbound, UnreadableName, Outage, CrossSite,
		NoCookie, BadRequest, Insecure, TooManyCookies, SignOut, SignedOut, Account, Restore, RestoreGone, Framed,
	} {
		v := base
		v.State, v.RetryAfter = s, 15*time.Minute
		add("", v)
	}
	for _, d := range []Delivery{
		DeliveryNone, DeliverySending, DeliverySent, DeliveryDelivered, DeliveryFailed, DeliveryUnknown,
	} {
		for _, p := range []Problem{NoProblem, CodeIncorrect, NotACode, CodeExpired, NoMoreTexts} {
			v := base
			v.State, v.Delivery, v.Problem = Enter, d, p
			if d == DeliveryFailed && p == NoProblem {
				v.ResendIn = 0 // after a failure another text may mostly be asked for at once
			}
			add("", v)
		}
	}
	addEnrolments(add, base)
	addChoices(add, base)
	return all
}

// addEnrolments adds what visitors see who give a number.
func addEnrolments(add func(string, View), base View) {
	base.EnrollURL = "?sms_2fa=enroll"
	unproven := base
	unproven.State, unproven.Delivery = Enter, DeliverySent
	add("unproven", unproven)
	countries := []Country{
		{Code: "AM", Name: "Armenia", CallingCode: "+374", National: "077 123456", International: "+374 77 123456"},
		{Code: "AQ", Name: "Antarctica", CallingCode: "+672"},
	}
	chosen := []Country{countries[0], countries[1]}
	chosen[0].Selected = true
	base.State = Enroll
	asks := map[string]Ask{"": {}, "change": {Replaces: "••••••••06"}, "invited": {Invited: true}}
	for _, special := range slices.Sorted(maps.Keys(asks)) {
		first, again, ask := base, base, asks[special]
		ask.Language, ask.Countries = "en", countries
		first.Ask = &ask
		refused := ask
		refused.Countries, refused.Number = chosen, "077 12345"
		again.Ask, again.Problem = &refused, NumberRefused
		add(special, first)
		add(special, again)
	}
}

// addChoices adds what only some operators and visitors have.
func addChoices(add func(string, View), base View) {
	base.Delivery = DeliverySent
	for _, s := range []State{Start, Enter} {
		v := base
		v.State, v.Others = s, []Number{{1, "••••••••07"}, {3, "••••••••08"}}
		add("numbers", v)
	}
	base.State = Enter
	v := base
	v.Trust, v.Trusted, v.Problem = 30*24*time.Hour, true, CodeIncorrect
	add("trust", v)
	for _, i := range []Interruption{FormHeld, FormLost} {
		v := base
		v.Interrupted = i
		add("form-"+string(i), v)
	}
	for _, s := range []State{Enter, Blocked} {
		v := base
		v.State, v.RetryAfter, v.User, v.Logo = s, 15*time.Minute, "alice", "data:image/png;base64,AA=="
		v.Help = &Way{Text: "Codes come from +15005550006."}
		v.Contact = &Way{URL: "mailto:help@example.com"}
		add("ways", v)
		v.Help, v.Contact = &Way{URL: "https://example.com/help"}, &Way{Text: "room 12"}
		add("other-ways", v)
	}
}
