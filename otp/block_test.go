package otp

import (
	"testing"
	"time"
)

func TestBlocksDouble(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	for i, want := range []time.Duration{15, 30, 60, 120, 240, 480, 960, 1440, 1440} {
		want *= time.Minute
		s.p.Sends[1].Max = 1000
		s.begin(&b)
		s.want("first wrong", s.try(b, mark{1, byte(i)}, false), Wrong)
		s.want("second wrong", s.try(b, mark{2, byte(i)}, false), Wrong)
		o := s.try(b, mark{3, byte(i)}, false)
		s.want("third wrong", o, Blocked)
		if o.Standing.BlockedFor != want {
			t.Fatalf("block %d lasts %s, want %s", i+1, o.Standing.BlockedFor, want)
		}
		s.want("right code in the block", s.try(b, rightMark, true), Blocked)
		s.want("no text in the block", s.send(&b), Blocked)
		s.now = s.now.Add(want)
	}
}

func TestRightCodeForgives(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.a.Blocks = 3
	s.begin(&b)
	s.try(b, mark{1}, false)
	s.try(b, mark{2}, false)
	s.want("last try", s.try(b, rightMark, true), Right)
	if s.a.Counted != 0 || s.a.InARow != 0 || s.a.Blocks != 0 || !s.a.BlockedUntil.IsZero() {
		t.Errorf("counters after a right code: %+v", s.a)
	}
}

func TestHundredWrongCodesDisable(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.p.Block, s.p.ResendAfter = 0, 0
	s.p.Sends[0].Max, s.p.Sends[1].Max = 1000, 1000
	for i := range MaxInARow - 1 {
		s.begin(&b)
		s.want("wrong", s.try(b, mark{1, byte(i)}, false), Wrong)
	}
	s.want("the last one", s.try(b, mark{2}, false), Disabled)
	s.now = s.now.Add(300 * 24 * time.Hour)
	s.want("a year later", s.begin(&b), Disabled)
	s.a.unlock()
	s.want("unlocked", s.begin(&b), Sending)
}
