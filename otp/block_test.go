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

func TestBlockLength(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		first   time.Duration
		earlier int
		want    time.Duration
	}{
		{"the first", 15 * time.Minute, 0, 15 * time.Minute},
		{"the second", 15 * time.Minute, 1, 30 * time.Minute},
		{"just under the longest", 15 * time.Minute, 6, 16 * time.Hour},
		{"the longest", 15 * time.Minute, 7, MaxBlock},
		{"far beyond", 15 * time.Minute, 1 << 20, MaxBlock},
		{"no blocks", 0, 10, 0},
	} {
		if got := blockLength(tt.first, tt.earlier); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// To take a guess back is to undo its count, with the block that the guess led to.
func TestUncount(t *testing.T) {
	t.Parallel()
	p := DefaultPolicy()
	for _, tt := range []struct {
		name         string
		before, want account
	}{
		{"one of two", account{Counted: 2, InARow: 2}, account{Counted: 1, InARow: 1}},
		{
			"the one that led to a block",
			account{InARow: 6, Blocks: 2, BlockedUntil: start.Add(time.Minute)},
			account{Counted: 2, InARow: 5, Blocks: 1},
		},
		{"one that a right code has forgiven", account{}, account{}},
		{
			"one before a block that is over",
			account{InARow: 3, Blocks: 1, BlockedUntil: start},
			account{InARow: 2, Blocks: 1, BlockedUntil: start},
		},
	} {
		got := tt.before
		got.uncount(start, p)
		if got.Counted != tt.want.Counted || got.InARow != tt.want.InARow || got.Blocks != tt.want.Blocks ||
			!got.BlockedUntil.Equal(tt.want.BlockedUntil) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
