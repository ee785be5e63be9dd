package otp

import (
	"slices"
	"time"
)

// Text is one text message that was handed to a sender, or is about to be.
type Text struct {
	ID       string
	At       time.Time
	Delivery Delivery
	Maker    string // who made its code and checks it; "" is us. Before a sender has taken it, who will.
	Via      string // the sender that took it, "" until one has
	// RetryAt is before when no other one may be sent, because whoever refused this one asked for that; zero otherwise.
	RetryAt time.Time
	Ref     string // the provider's name for it, where somebody will ask for it
}

// holds reports whether a code that came with the text can be checked, and may have come.
func (t Text) holds() bool {
	return t.ID != "" && !t.Delivery.lost() && (t.Maker == "" || t.Ref != "" && t.Delivery != DeliverySending)
}

// held is the text whose code a challenge waits for: the latest that holds; where there is none, the latest that was not refused.
func (a *Account) held(c *Challenge) Text {
	kept := a.latest(c)
	for _, id := range slices.Backward(c.Texts) {
		switch t := a.text(id); {
		case t.holds():
			return t
		case kept.Delivery == DeliveryFailed && t.ID != "":
			kept = t
		}
	}
	return kept
}

// maker is who made the code that a challenge, which may be nil, waits for.
func (a *Account) maker(c *Challenge) string {
	if c == nil {
		return ""
	}
	return a.held(c).Maker
}

// refs are the names by which a maker knows the texts of a challenge whose codes it made.
func (a *Account) refs(c *Challenge, maker string) []string {
	var refs []string
	for _, id := range c.Texts {
		if t := a.text(id); t.Maker == maker && t.Ref != "" && !slices.Contains(refs, t.Ref) {
			refs = append(refs, t.Ref)
		}
	}
	return refs
}

// latest is the latest text of a challenge, whose way the visitor is told.
func (a *Account) latest(c *Challenge) Text {
	if len(c.Texts) == 0 {
		return Text{}
	}
	return a.text(c.Texts[len(c.Texts)-1])
}

// lastTaken is the latest text that a sender took, or may have taken; the zero Text when none did.
func (a *Account) lastTaken() Text {
	for _, t := range slices.Backward(a.Texts) {
		if t.Delivery != DeliveryFailed {
			return t
		}
	}
	return Text{}
}

// lastText is when the latest text was sent that may still come, or has come, zero before the first. A text that was given
// up still counts for the limits, because it was paid for; it just need not be waited for.
func (a *Account) lastText() time.Time {
	for _, t := range slices.Backward(a.Texts) {
		if !t.Delivery.lost() {
			return t.At
		}
	}
	return time.Time{}
}

// behind is the sender behind which the next text may begin: the one whose text was given up, or may never have been accepted.
func (a *Account) behind() string {
	switch last := a.lastTaken(); last.Delivery {
	case DeliveryUndelivered, DeliveryUnknown:
		return last.Via
	}
	return ""
}

// text finds a text; the zero Text when it is gone.
func (a *Account) text(id string) Text {
	for _, t := range a.Texts {
		if t.ID == id {
			return t
		}
	}
	return Text{}
}
