package otp

import "time"

// longestRetry is the longest wait that a provider can impose on an account.
const longestRetry = MaxCodeTTL

// settle notes how the handover of a text went.
func (a *account) settle(now time.Time, d Dispatch, h Handover) {
	for i := range a.Texts {
		t := &a.Texts[i]
		if t.ID != d.ID {
			continue
		}
		t.Delivery, t.Sender, t.ProviderID = h.Delivery, h.Sender, h.ProviderID
		switch {
		case h.Delivery != DeliveryFailed:
			t.CodeBy = h.CodeBy
		case h.RetryAfter > 0:
			t.RetryAt = now.Add(min(h.RetryAfter, longestRetry))
		}
	}
}

// report notes what a provider says became of a text, and tells whether that was news. A lost or delivered text
// keeps its state: a report that comes late, twice or in the wrong order changes nothing.
func (a *account) report(id string, became Delivery) bool {
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
