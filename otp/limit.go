package otp

import (
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// wait is how long until the next text may be sent: after the pause, after what a provider asked for, and inside every limit.
func (a *account) wait(now time.Time, p Policy) time.Duration {
	var sent, failed []time.Time
	wait := a.lastNotLost().Add(p.ResendAfter).Sub(now)
	for _, t := range a.Texts {
		wait = max(wait, t.RetryAt.Sub(now))
		if t.Delivery == DeliveryFailed {
			failed = append(failed, t.At)
			continue
		}
		sent = append(sent, t.At)
	}
	wait = max(wait, room(failed, failedSends, now))
	for _, l := range p.Sends {
		wait = max(wait, room(sent, l, now))
	}
	return max(wait, 0)
}

// room is how long until the limit has room for one more; at is in the order of time.
func room(at []time.Time, l store.Limit, now time.Time) time.Duration {
	if len(at) < l.Max {
		return 0
	}
	return at[len(at)-l.Max].Add(l.Per).Sub(now)
}

// window is the longest time in which a text counts for anything.
func window(limits []store.Limit) time.Duration {
	longest := failedSends.Per
	for _, l := range limits {
		longest = max(longest, l.Per)
	}
	return longest
}
