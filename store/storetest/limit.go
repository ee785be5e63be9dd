package storetest

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

var limitCases = []testCase{
	{"two windows slide, and the wait is right", twoWindows},
	{"the same use counts once", sameUse},
	{"a use given back leaves room", giveBack},
	{"a cleared key has room for all", clearKey},
	{"a refused use is not noted", refusedUse},
	{"limits of different keys are apart", keysApart},
	{"a shorter window forgets nothing", shorterWindow},
	{"a limit of none allows none", limitOfNone},
	{"many at once get what the limit allows", manyTakers},
}

// The windows are long enough for a slow machine to take five times inside one, and short enough to wait for.
const (
	shortWindow = time.Second
	longWindow  = 3 * time.Second
)

var twoLimits = []store.Limit{{Max: 5, Per: shortWindow}, {Max: 10, Per: longWindow}}

func twoWindows(t *testing.T, ctx context.Context, h Harness) {
	start := h.now(t, ctx)
	h.takeFive(t, ctx, "a")
	wait := h.full(t, ctx, "5 are inside the short window", start, shortWindow)
	h.Advance(wait)
	h.takeFive(t, ctx, "b")
	wait = h.full(t, ctx, "10 are inside the long window", start, longWindow)
	h.Advance(wait)
	if wait := h.take(t, ctx, "k", "c", twoLimits...); wait != 0 {
		t.Errorf("after the wait that was asked for, another is asked for: %v", wait)
	}
}

func (h Harness) takeFive(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	for i := range 5 {
		// The windows slide: the room for the second use comes a little after that for the first.
		for wait := h.take(t, ctx, "k", name+strconv.Itoa(i), twoLimits...); wait > 0; {
			if wait > shortWindow/2 {
				t.Fatalf("use %s%d has to wait %v, expected room", name, i, wait)
			}
			h.Advance(wait)
			wait = h.take(t, ctx, "k", name+strconv.Itoa(i), twoLimits...)
		}
	}
}

// full checks that no more use is allowed, and that the wait lasts until window has passed since the first use,
// which was soon after start. It returns the wait.
func (h Harness) full(
	t *testing.T, ctx context.Context, why string, start time.Time, window time.Duration,
) time.Duration {
	t.Helper()
	wait := h.take(t, ctx, "k", "one more", twoLimits...)
	passed := h.now(t, ctx).Sub(start)
	if wait <= 0 || wait > window || wait < window-passed-time.Millisecond {
		t.Fatalf("%s: the wait is %v, expected %v to %v", why, wait, window-passed, window)
	}
	return wait
}

func sameUse(t *testing.T, ctx context.Context, h Harness) {
	limit := store.Limit{Max: 2, Per: time.Hour}
	for range 5 {
		if wait := h.take(t, ctx, "k", "one", limit); wait != 0 {
			t.Fatalf("taking again what is noted has to wait %v", wait)
		}
	}
	if wait := h.take(t, ctx, "k", "two", limit); wait != 0 {
		t.Errorf("the second use has to wait %v, expected room", wait)
	}
	if wait := h.take(t, ctx, "k", "one", limit); wait != 0 {
		t.Errorf("with no room, what is noted has to wait %v", wait)
	}
	if wait := h.take(t, ctx, "k", "three", limit); wait == 0 {
		t.Error("the third use found room")
	}
}

func giveBack(t *testing.T, ctx context.Context, h Harness) {
	limit := store.Limit{Max: 1, Per: time.Hour}
	h.take(t, ctx, "k", "one", limit)
	for _, id := range []string{"unknown", "one", "one"} {
		if err := h.Second.Give(ctx, "k", id); err != nil {
			t.Errorf("Give of %s: %v", id, err)
		}
		if wait := h.take(t, ctx, "k", "two", limit); (wait == 0) != (id == "one") {
			t.Errorf("after Give of %s the wait is %v", id, wait)
		}
	}
	if err := h.Store.Give(ctx, "never used", "one"); err != nil {
		t.Errorf("Give under a key without uses: %v", err)
	}
}

func clearKey(t *testing.T, ctx context.Context, h Harness) {
	limit := store.Limit{Max: 3, Per: time.Hour}
	for _, key := range []string{"k", "k2", "kk"} {
		for _, id := range []string{"one", "two", "three"} {
			h.take(t, ctx, key, id, limit)
		}
	}
	for range 2 {
		if err := h.Second.Clear(ctx, "k"); err != nil {
			t.Errorf("Clear: %v", err)
		}
	}
	for _, id := range []string{"four", "five", "six"} {
		if wait := h.take(t, ctx, "k", id, limit); wait != 0 {
			t.Errorf("after Clear use %s has to wait %v", id, wait)
		}
	}
	for _, key := range []string{"k", "k2", "kk"} {
		if wait := h.take(t, ctx, key, "seven", limit); wait == 0 {
			t.Errorf("under the key %s, which is full, there is room", key)
		}
	}
}

func refusedUse(t *testing.T, ctx context.Context, h Harness) {
	limit := store.Limit{Max: 1, Per: time.Hour}
	h.take(t, ctx, "k", "one", limit)
	first := h.take(t, ctx, "k", "two", limit)
	h.Advance(50 * time.Millisecond)
	if later := h.take(t, ctx, "k", "two", limit); later <= 0 || later >= first {
		t.Errorf("the wait was %v and is %v 50ms later, expected less", first, later)
	}
}

func keysApart(t *testing.T, ctx context.Context, h Harness) {
	limit := store.Limit{Max: 1, Per: time.Hour}
	for _, k := range []struct{ key, id string }{
		{"a", "bc"}, {"ab", "c"}, {"a\x00", "c"}, {"a", "\x00c"}, {"b", "bc"},
	} {
		wait := h.take(t, ctx, k.key, k.id, limit)
		if room := k.id != "\x00c"; (wait == 0) != room {
			t.Errorf("key %q, use %q: the wait is %v, expected room: %v", k.key, k.id, wait, room)
		}
	}
}

func shorterWindow(t *testing.T, ctx context.Context, h Harness) {
	long, short := store.Limit{Max: 2, Per: time.Hour}, store.Limit{Max: 1, Per: 50 * time.Millisecond}
	h.take(t, ctx, "k", "one", long)
	h.Advance(60 * time.Millisecond)
	if wait := h.take(t, ctx, "k", "two", short); wait != 0 {
		t.Errorf("the short limit asks to wait %v, expected room", wait)
	}
	h.Advance(60 * time.Millisecond)
	if wait := h.take(t, ctx, "k", "three", long); wait == 0 {
		t.Error("the long limit found room, expected both uses to be remembered")
	}
}

func limitOfNone(t *testing.T, ctx context.Context, h Harness) {
	if wait := h.take(t, ctx, "k", "one", store.Limit{Max: 0, Per: time.Hour}); wait != time.Hour {
		t.Errorf("the wait is %v, expected 1h", wait)
	}
}

func manyTakers(t *testing.T, ctx context.Context, h Harness) {
	const takers, allowed = 50, 7
	var admitted atomic.Int32
	var wg sync.WaitGroup
	for i := range takers {
		s := h.client(i)
		wg.Go(func() {
			wait, err := s.Take(ctx, "k", strconv.Itoa(i), []store.Limit{{Max: allowed, Per: time.Hour}})
			if err != nil {
				t.Errorf("Take: %v", err)
			}
			if wait == 0 {
				admitted.Add(1)
			}
		})
	}
	wg.Wait()
	if n := admitted.Load(); n != allowed {
		t.Errorf("%d were admitted, expected %d", n, allowed)
	}
}
