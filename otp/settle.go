package otp

import (
	"cmp"
	"slices"
	"time"
)

// longestRetry is the longest wait that a provider can impose on an account.
const longestRetry = MaxCodeTTL

// settle notes how the handover of a text went. What the sender has reported of the text in the meantime stays: that
// is newer than its answer to the handover.
//
// A challenge that the visitor has left for another number is over once the text to that number may be out.
func (a *account) settle(now time.Time, d Dispatch, h Handover) {
	if h.Delivery != DeliveryFailed {
		a.drop(d.leaves)
	}
	for i := range a.Texts {
		t := &a.Texts[i]
		if t.ID != d.ID {
			continue
		}
		if t.reportedBy(h.Sender) {
			t.CodeBy, t.ProviderID = h.CodeBy, cmp.Or(h.ProviderID, t.ProviderID)
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

// takeBack notes that a text was not handed to any sender. A challenge that has no other text goes with it: nobody can
// have its code, and a reload shall not wait for the code.
func (a *account) takeBack(id string) {
	for i := range a.Texts {
		if a.Texts[i].ID == id {
			a.Texts[i].Delivery = DeliveryFailed
		}
	}
	a.Challenges = slices.DeleteFunc(a.Challenges, func(c Challenge) bool {
		return len(c.texts) == 1 && c.texts[0] == id
	})
}

// giveUp notes of texts that they are not being sent any more, though nobody has told how they went.
func (a *account) giveUp(now time.Time) {
	for i := range a.Texts {
		if t := &a.Texts[i]; t.Delivery == DeliverySending && !now.Before(t.At.Add(MaxSending)) {
			t.Delivery = DeliveryUnknown
		}
	}
}

// reportedBy reports whether the sender has already said what became of the text that it was handed.
func (t Text) reportedBy(sender string) bool {
	return sender != "" && t.Sender == sender && t.Delivery != DeliverySending && t.Delivery != DeliveryUnknown
}

// report notes what a sender says became of a text, and tells whether that was news. A lost or delivered text keeps
// its state: a report that comes late, twice or in the wrong order changes nothing, and neither does that of a sender
// whose text was then handed to another. Where the sender makes the codes, and its answer to the text was lost, the
// report tells what the sender calls the text.
func (a *account) report(id string, r Report) bool {
	for i := range a.Texts {
		t := &a.Texts[i]
		if t.ID != id || t.Sender != "" && t.Sender != r.Sender {
			continue
		}
		if t.CodeBy == r.Sender && t.ProviderID == "" {
			t.ProviderID = r.ID
		}
		if t.Delivery == r.Became || t.Delivery.lost() || t.Delivery == DeliveryDelivered {
			continue
		}
		t.Delivery, t.Sender = r.Became, r.Sender
		return true
	}
	return false
}
