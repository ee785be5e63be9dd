package page

// titles are the keys of the titles, by state.
var titles = map[State]string{
	Start: "title-start", Enter: "title-enter", Blocked: "title-blocked", Disabled: "title-blocked",
	Limited: "title-limited", NoPhone: "title-unsent", NoIdentity: "title-unsent", Unbound: "title-unsent",
	UnreadableName: "title-unsent", Enroll: "title-enroll", Outage: "title-outage", CrossSite: "title-failed",
	NoCookie: "title-failed", BadRequest: "title-failed", TooManyCookies: "title-failed", Insecure: "title-failed",
	SignOut: "title-sign-out", SignedOut: "title-signed-out", Account: "title-account", Framed: "title-start",
	Restore: "title-restore", RestoreGone: "title-failed",
}

// Title is the key of the page's title, for say.
func (v View) Title() string { return titles[v.State] }

// Mistake reports whether the page tells of something that went wrong with what the visitor has just done, or with the
// text. The title then says so first, because a screen reader begins with the title (WCAG 2.2, 2.4.2).
func (v View) Mistake() bool {
	return v.Problem != NoProblem || v.State == Enter && v.Delivery == DeliveryFailed
}

// SendsFirst reports whether the button that asks for a text is what the visitor needs next: no text was sent, or the
// latest one will not arrive. The button has the focus then, and not the field for the code.
func (v View) SendsFirst() bool {
	if v.ResendIn > 0 {
		return false
	}
	return v.State == Start || v.State == Enter && v.Delivery == DeliveryFailed
}
