package boltstore

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

func TestRoom(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	ago := func(minutes ...time.Duration) (uses []use) {
		for _, m := range minutes {
			uses = append(uses, use{at: now.Add(-m * time.Minute)})
		}
		return uses
	}
	hour, day := store.Limit{Max: 2, Per: time.Hour}, store.Limit{Max: 3, Per: 24 * time.Hour}
	for _, tt := range []struct {
		name   string
		uses   []use
		limits []store.Limit
		want   time.Duration
	}{
		{"no use", nil, []store.Limit{hour, day}, 0},
		{"no limit", ago(3, 2, 1), nil, 0},
		{"one use left", ago(30), []store.Limit{hour, day}, 0},
		{"the hour is full", ago(40, 10), []store.Limit{hour, day}, 20 * time.Minute},
		{"the hour is full again", ago(80, 40, 10), []store.Limit{hour}, 20 * time.Minute},
		{"the oldest use has just left the window", ago(60, 10), []store.Limit{hour}, 0},
		{"the day is full", ago(600, 300, 10), []store.Limit{hour, day}, 14 * time.Hour},
		{"a limit of none", nil, []store.Limit{{Max: 0, Per: time.Hour}}, time.Hour},
		{"a limit of none in no time", nil, []store.Limit{{}}, time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := room(tt.uses, tt.limits, now); got != tt.want {
				t.Errorf("the wait is %v, want %v", got, tt.want)
			}
		})
	}
}

func TestUseKeysOfDifferentPairsDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[string][2]string)
	pairs := [][2]string{{"a", "bc"}, {"ab", "c"}, {"abc", ""}, {"", "abc"}, {"", "\x01abc"}, {"a", "\x01b"}}
	for _, pair := range pairs {
		key := string(useKey(pair[0], pair[1]))
		if other, ok := seen[key]; ok {
			t.Errorf("the pairs %q and %q have one key", pair, other)
		}
		seen[key] = pair
	}
}

// The clock was two hours ahead when all uses were noted, and is put right: nobody waits longer than the window.
func TestUsesLeaveTheFuture(t *testing.T) {
	t.Parallel()
	limits := []store.Limit{{Max: 2, Per: 10 * time.Minute}, {Max: 4, Per: 24 * time.Hour}}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	clock := now.Add(2 * time.Hour)
	s := New(filepath.Join(t.TempDir(), "store.db"), func() time.Time { return clock })
	defer s.Close()
	take := func(id string, want time.Duration) {
		t.Helper()
		if wait, err := s.Take(t.Context(), "k", id, limits); err != nil || wait != want {
			t.Errorf("use %s has to wait %v, want %v (%v)", id, wait, want, err)
		}
	}
	take("one", 0)
	take("two", 0)
	clock = now
	take("three", 10*time.Minute)
	clock = clock.Add(4 * time.Minute)
	take("three", 6*time.Minute)
	clock = clock.Add(6 * time.Minute)
	take("three", 0)
	take("four", 0)
	take("five", 24*time.Hour-10*time.Minute)
}
