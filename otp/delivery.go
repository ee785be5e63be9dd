package otp

import (
	"slices"
	"time"
)

// Delivery is what is known of a text.
type Delivery string

// What can be known of a text.
const (
	DeliverySending     Delivery = "sending"     // on its way to the provider
	DeliverySent        Delivery = "sent"        // accepted by the provider
	DeliveryDelivered   Delivery = "delivered"   // on the phone, says the provider
	DeliveryFailed      Delivery = "failed"      // surely not accepted
	DeliveryUnknown     Delivery = "unknown"     // perhaps accepted
	DeliveryUndelivered Delivery = "undelivered" // accepted, and given up later
)

// told is what a visitor is told: that a text will not come, and not why.
func (d Delivery) told() Delivery {
	if d == DeliveryUndelivered {
		return DeliveryFailed
	}
	return d
}

// lost reports whether it is known that the text never comes.
func (d Delivery) lost() bool { return d == DeliveryFailed || d == DeliveryUndelivered }

// longestRetry bounds what a provider can ask an account to wait.
const longestRetry = MaxCodeTTL

// settle notes how a text went.
func (a *Account) settle(now time.Time, d Dispatch, h Handover) {
	for i := range a.Texts {
		t := &a.Texts[i]
		if t.ID != d.ID {
			continue
		}
		t.Delivery, t.Via, t.Ref = h.Delivery, h.Via, h.Ref
		switch {
		case h.Delivery != DeliveryFailed:
			t.Maker = h.Maker
		case h.RetryAfter > 0:
			t.RetryAt = now.Add(min(h.RetryAfter, longestRetry))
		}
	}
}

// report notes what a provider says became of a text, and tells whether that was news. A text's fate is sealed once: what
// comes late, twice or in the wrong order changes nothing.
func (a *Account) report(id string, became Delivery) bool {
	for i := range a.Texts {
		t := &a.Texts[i]
		if t.ID != id || t.Delivery == became || t.Delivery.lost() || t.Delivery == DeliveryDelivered {
			continue
		}
		t.Delivery = became
		return true
	}
	return false
}

// behind is the sender behind which the next text may begin: the one whose text was given up, or may never have been accepted.
func (a *Account) behind() string {
	switch last := a.lastTaken(); last.Delivery {
	case DeliveryUndelivered, DeliveryUnknown:
		return last.Via
	}
	return ""
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
