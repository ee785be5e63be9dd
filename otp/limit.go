package otp

import (
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// wait is how long until the next text may be sent: after the pause, after the wait that a provider asked for, and
// inside every limit.
func (a *account) wait(now time.Time, p Policy) time.Duration {
	var sent, failed []time.Time
	wait := a.lastAwaited().Add(p.ResendAfter).Sub(now)
	for _, t := range a.Texts {
		if t.Lifted {
			continue
		}
		wait = max(wait, t.RetryAt.Sub(now))
		if t.Delivery == DeliveryFailed {
			failed = append(failed, t.At)
			continue
		}
		sent = append(sent, t.At)
	}
	wait = max(wait, untilRoom(failed, failedSends, now))
	for _, l := range p.Sends {
		wait = max(wait, untilRoom(sent, l, now))
	}
	return max(wait, 0)
}

// untilRoom is how long until the limit allows one more text; at lists when the earlier ones were ordered, in that
// order.
func untilRoom(at []time.Time, l store.Limit, now time.Time) time.Duration {
	if len(at) < l.Max {
		return 0
	}
	return at[len(at)-l.Max].Add(l.Per).Sub(now)
}

// counted is until when a text counts for a limit, and is remembered for that: a text that failed for the window of
// failed texts, or as long as its sender asked to wait, any other text for the longest window of the policy.
func (t Text) counted(p Policy) time.Time {
	end := later(t.At.Add(failedSends.Per), t.RetryAt)
	if t.Delivery == DeliveryFailed {
		return end
	}
	for _, l := range p.Sends {
		end = later(end, t.At.Add(l.Per))
	}
	return end
}
