package otp

import (
	"testing"
	"time"
)

// rewind puts a clock right that was ahead.
func (s *scene) rewind(d time.Duration) { s.now = s.now.Add(-d) }

// A text that was ordered while the clock was ahead makes nobody wait longer than the policy says.
func TestTextFromTheFuture(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{time.Second, time.Minute, 2 * time.Hour, 400 * 24 * time.Hour} {
		s, b := newScene(t), laptop
		s.begin(&b)
		s.rewind(ahead)
		o := s.send(&b)
		s.want("at once", o, Limited)
		if o.Standing.ResendIn != s.p.ResendAfter {
			t.Errorf("%s ahead: waits %s, want %s", ahead, o.Standing.ResendIn, s.p.ResendAfter)
		}
		s.now = s.now.Add(s.p.ResendAfter)
		s.want("after the pause", s.send(&b), Sending)
	}
}

// So it is with the limits, with a provider's wish, with a block and with the life of a code.
func TestWhatElseComesFromTheFuture(t *testing.T) {
	t.Parallel()
	const ahead = 2 * time.Hour
	t.Run("limit of texts", func(t *testing.T) {
		t.Parallel()
		s, b := newScene(t), laptop
		s.p.ResendAfter = 0
		for range s.p.Sends[0].Max {
			s.want("send", s.send(&b), Sending)
		}
		s.rewind(ahead)
		if o := s.send(&b); o.Standing.ResendIn != s.p.Sends[0].Per {
			t.Errorf("waits %s", o.Standing.ResendIn)
		}
		s.now = s.now.Add(s.p.Sends[0].Per)
		s.want("after the window", s.send(&b), Sending)
	})
	t.Run("wish of a provider", func(t *testing.T) {
		t.Parallel()
		s, b := newScene(t), laptop
		s.a.settle(s.now, s.begin(&b).Dispatch, Handover{Delivery: DeliveryFailed, RetryAfter: time.Hour})
		s.rewind(ahead)
		if o := s.send(&b); o.Kind != Limited || o.Standing.ResendIn != longestRetry {
			t.Errorf("%s, waits %s", o.Kind, o.Standing.ResendIn)
		}
		s.now = s.now.Add(longestRetry)
		s.want("after the longest wait", s.send(&b), Sending)
	})
	t.Run("block", func(t *testing.T) {
		t.Parallel()
		s, b := newScene(t), laptop
		s.begin(&b)
		for i := range byte(3) {
			s.try(b, mark{i}, false)
		}
		s.rewind(ahead)
		if o := s.begin(&b); o.Kind != Blocked || o.Standing.BlockedFor != s.p.Block {
			t.Errorf("%s for %s", o.Kind, o.Standing.BlockedFor)
		}
		s.now = s.now.Add(s.p.Block)
		if o := s.begin(&b); o.Kind == Blocked {
			t.Error("still blocked")
		}
	})
	t.Run("code", func(t *testing.T) {
		t.Parallel()
		s, b := newScene(t), laptop
		s.begin(&b)
		s.rewind(ahead)
		if o := s.begin(&b); o.Kind != Waiting || o.Standing.ExpiresIn != s.p.CodeTTL {
			t.Errorf("%s, for %s", o.Kind, o.Standing.ExpiresIn)
		}
		s.now = s.now.Add(s.p.CodeTTL)
		s.want("after its life", s.try(b, rightMark, true), Expired)
	})
	t.Run("reply to the right code", func(t *testing.T) {
		t.Parallel()
		s, b := newScene(t), laptop
		s.begin(&b)
		s.want("right", s.try(b, rightMark, true), Right)
		s.rewind(ahead)
		if o := s.try(b, rightMark, true); o.Kind != Right || o.OpenedAt.After(s.now) {
			t.Errorf("%s, opened at %s", o.Kind, o.OpenedAt)
		}
		s.now = s.now.Add(replyGrace)
		s.want("after a minute", s.try(b, rightMark, true), Expired)
	})
}

// A block of an older record, which does not tell when the block began, stays as it is.
func TestBlockOfAnOlderRecord(t *testing.T) {
	t.Parallel()
	a := account{Blocks: 1, InARow: 3, BlockedUntil: start.Add(time.Hour)}
	if a.leaveFuture(start); !a.BlockedUntil.Equal(start.Add(time.Hour)) {
		t.Errorf("blocked until %s", a.BlockedUntil)
	}
}
