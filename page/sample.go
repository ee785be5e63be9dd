package page

import "time"

// samples are views of every state, of every delivery and problem of the state Enter, and of a user with several
// numbers, with which Load tries a template.
func samples() []View {
	base := View{
		Brand: "Acme", Phone: "••••••••06", CodeLength: 6, AttemptsLeft: 3,
		ExpiresIn: 5 * time.Minute, ResendIn: time.Minute,
		VerifyURL: "?sms_2fa=verify", SendURL: "?sms_2fa=send", LogoutURL: "?sms_2fa=logout",
		LogoutAllURL: "?sms_2fa=logout-everywhere", VerifiedAt: time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC),
		StatusURL: "?sms_2fa=status", HomeURL: "./", ChangeURL: "?sms_2fa=change",
		CSRF: "token", Nonce: "nonce",
	}
	var all []View
	base.EnrollURL = "?sms_2fa=enroll"
	for _, p := range []Problem{NoProblem, NumberRefused} {
		v := base
		v.State, v.Problem, v.Ask = Enroll, p, &Ask{Language: "en", Countries: []Country{
			{Code: "AM", Name: "Armenia", CallingCode: "+374", National: "077 123456", International: "+374 77 123456"},
			{Code: "AQ", Name: "Antarctica", CallingCode: "+672"},
		}}
		if p != NoProblem {
			v.Ask.Countries[0].Selected, v.Ask.Number = true, "077 12345"
		}
		all = append(all, v)
	}
	change := all[0]
	replacing := *change.Ask
	replacing.Replaces = "••••••••06"
	change.Ask = &replacing
	all = append(all, change)
	for _, p := range []Problem{NoProblem, NumberRefused} {
		invited := all[0]
		asking := *invited.Ask
		asking.Invited, invited.Problem = true, p
		invited.Ask = &asking
		all = append(all, invited)
	}
	base.EnrollURL = ""
	for _, s := range []State{
		Start, Blocked, Disabled, Limited, NoPhone, NoIdentity, Unbound, UnreadableName, Outage, CrossSite,
		NoCookie, BadRequest, Insecure, TooManyCookies, SignOut, SignedOut, Account, Framed,
	} {
		v := base
		v.State, v.RetryAfter = s, 15*time.Minute
		all = append(all, v)
	}
	unproven := base
	unproven.State, unproven.Delivery, unproven.EnrollURL = Enter, DeliverySent, "?sms_2fa=enroll"
	all = append(all, unproven)
	for _, d := range []Delivery{
		DeliveryNone, DeliverySending, DeliverySent, DeliveryDelivered, DeliveryFailed, DeliveryUnknown,
	} {
		for _, p := range []Problem{NoProblem, CodeIncorrect, NotACode, CodeExpired, NoMoreTexts} {
			v := base
			v.State, v.Delivery, v.Problem = Enter, d, p
			if d == DeliveryFailed && p == NoProblem {
				v.ResendIn = 0 // after a failure another text may mostly be asked for at once
			}
			all = append(all, v)
		}
	}
	for _, s := range []State{Start, Enter} {
		v := base
		v.State, v.Delivery = s, DeliverySent
		v.Others = []Number{{1, "••••••••07"}, {3, "••••••••08"}}
		all = append(all, v)
	}
	return all
}
