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
	CodeBy   string // maker of its code: a sender, "" for the gate; the expected maker while it is sending
	Sender   string // the sender that accepted it, or may have; "" until then
	// RetryAt is the time before which no other text may be sent, because the sender that refused this text asked
	// for that wait; zero otherwise.
	RetryAt    time.Time
	ProviderID string // the provider's name for it, kept where the provider will be asked or told about its code
	Answered   bool   // its code was right, or nobody waits for it: the next text asks for something else, at once
	Lifted     bool   // an operator has lifted the limits since: it counts for none, and need not be waited for
}

// codeUsable reports whether the text may have brought a code to the phone, and that code can be checked.
func (t Text) codeUsable() bool {
	return t.ID != "" && !t.Delivery.lost() && (t.CodeBy == "" || t.ProviderID != "" && t.Delivery != DeliverySending)
}

// codeText is the text whose code a challenge waits for: the latest text with a usable code; without such a text,
// the latest one that no sender refused; and where all were refused, the oldest.
func (a *account) codeText(c *Challenge) Text {
	found := a.latestText(c)
	for _, id := range slices.Backward(c.texts) {
		switch t := a.textByID(id); {
		case t.codeUsable():
			return t
		case found.Delivery == DeliveryFailed && t.ID != "":
			found = t
		}
	}
	return found
}

// codeBy is the maker of the code that a challenge waits for: a sender, or "" for the gate. The challenge may be
// nil.
func (a *account) codeBy(c *Challenge) string {
	if c == nil {
		return ""
	}
	return a.codeText(c).CodeBy
}

// latestText is the latest text of a challenge: the one whose delivery the visitor is told.
func (a *account) latestText(c *Challenge) Text {
	if len(c.texts) == 0 {
		return Text{}
	}
	return a.textByID(c.texts[len(c.texts)-1])
}

// lastAccepted is the account's latest text that a sender accepted, or may have; the zero Text without such a text.
func (a *account) lastAccepted() Text {
	for _, t := range slices.Backward(a.Texts) {
		if t.Delivery != DeliveryFailed {
			return t
		}
	}
	return Text{}
}

// lastAwaited is when the account's latest text was ordered whose code may still be typed; zero without such a text.
// The pause before the next text begins there: a lost text need not be waited for, and after a text whose code was
// right the next text asks for something else. Both count for the limits all the same, if they were paid for.
func (a *account) lastAwaited() time.Time {
	for _, t := range slices.Backward(a.Texts) {
		if !t.Delivery.lost() && !t.Answered && !t.Lifted {
			return t.At
		}
	}
	return time.Time{}
}

// answer notes that the code of a challenge was right, or that nobody waits for it any more.
func (a *account) answer(c *Challenge) {
	for i := range a.Texts {
		if slices.Contains(c.texts, a.Texts[i].ID) {
			a.Texts[i].Answered = true
		}
	}
}

// skipSender is the sender after which the next text may begin: the sender of the last accepted text, if that text
// was given up or may never have been accepted.
func (a *account) skipSender() string {
	switch last := a.lastAccepted(); last.Delivery {
	case DeliveryUndelivered, DeliveryUnknown:
		return last.Sender
	}
	return ""
}

// textByID finds a text of the account; the zero Text when the text is older than the account remembers.
func (a *account) textByID(id string) Text {
	for _, t := range a.Texts {
		if t.ID == id {
			return t
		}
	}
	return Text{}
}
