package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

var logCases = []testCase{
	{"the log keeps the order", logOrder},
	{"a cursor goes on where it stopped", logResume},
	{"a long log is read to its end", longLog},
	{"no news is told after the wait", noNews},
	{"no wait answers at once", noWait},
	{"news arrive at once at every follower", newsArrive},
	{"an entry stays until it is over", entryStays},
	{"entries are any bytes", logBytes},
	{"what is over goes, wherever it stands", overGoes},
	{"an entry takes the place of others", entryReplaces},
	{"an entry is held until it is over", entryHeld},
}

func (h Harness) append(
	t *testing.T, ctx context.Context, entry string, until time.Time, replaced ...string,
) (position string) {
	t.Helper()
	position, err := h.Store.Append(ctx, []byte(entry), until, replaced...)
	if err != nil || position == "" {
		t.Fatalf("Append = %q, %v", position, err)
	}
	return position
}

func (h Harness) holds(t *testing.T, ctx context.Context, position string) bool {
	t.Helper()
	held, err := h.Second.Holds(ctx, position)
	if err != nil {
		t.Fatalf("Holds: %v", err)
	}
	return held
}

// readAll follows until there is no news.
func readAll(t *testing.T, ctx context.Context, s store.Store, cursor string) (all []string, next string) {
	t.Helper()
	for {
		entries, next, err := s.Follow(ctx, cursor, time.Millisecond)
		if err != nil || len(entries) > store.MaxPortion {
			t.Fatalf("Follow = %d entries, %v, expected %d at most", len(entries), err, store.MaxPortion)
		}
		if len(entries) == 0 {
			if next != cursor {
				t.Fatalf("without news the cursor went from %q to %q", cursor, next)
			}
			return all, cursor
		}
		for _, e := range entries {
			all = append(all, string(e))
		}
		cursor = next
	}
}

func logOrder(t *testing.T, ctx context.Context, h Harness) {
	soon := h.soon(t, ctx)
	var expected []string
	for i := range 20 {
		entry := fmt.Sprintf("entry %d", i)
		expected = append(expected, entry)
		if _, err := h.client(i).Append(ctx, []byte(entry), soon); err != nil {
			t.Fatalf("Append: %v", err)
		}
	}
	for name, s := range map[string]store.Store{"first": h.Store, "second": h.Second} {
		if all, _ := readAll(t, ctx, s, ""); !slices.Equal(all, expected) {
			t.Errorf("the %s client reads %q, expected %q", name, all, expected)
		}
	}
}

func logResume(t *testing.T, ctx context.Context, h Harness) {
	soon := h.soon(t, ctx)
	h.append(t, ctx, "old", soon)
	_, cursor := readAll(t, ctx, h.Store, "")
	h.append(t, ctx, "new", soon)
	if all, _ := readAll(t, ctx, h.Second, cursor); !slices.Equal(all, []string{"new"}) {
		t.Errorf("the second client reads %q, expected only what is new", all)
	}
}

func longLog(t *testing.T, ctx context.Context, h Harness) {
	const entries = store.MaxPortion + 200
	soon := h.soon(t, ctx)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range entries / 4 {
				if _, err := h.Store.Append(ctx, []byte("e"), soon); err != nil {
					t.Errorf("Append: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if all, _ := readAll(t, ctx, h.Store, ""); len(all) != entries {
		t.Errorf("%d entries were read, expected %d", len(all), entries)
	}
}

func noNews(t *testing.T, ctx context.Context, h Harness) {
	const wait = 200 * time.Millisecond
	h.append(t, ctx, "old", h.soon(t, ctx))
	_, cursor := readAll(t, ctx, h.Store, "")
	start := time.Now()
	entries, next, err := h.Store.Follow(ctx, cursor, wait)
	took := time.Since(start)
	if err != nil || len(entries) > 0 || next != cursor {
		t.Errorf("Follow = %q, %q, %v, expected nothing and cursor %q", entries, next, err, cursor)
	}
	if took < wait-5*time.Millisecond || took > wait+2*time.Second {
		t.Errorf("it took %v, expected %v", took, wait)
	}
}

func noWait(t *testing.T, ctx context.Context, h Harness) {
	for _, wait := range []time.Duration{0, time.Microsecond, -time.Second} {
		start := time.Now()
		_, cursor, err := h.Store.Follow(ctx, "", wait)
		if err != nil || cursor != "" || time.Since(start) > 2*time.Second {
			t.Errorf("waiting %v: cursor %q, %v, after %v", wait, cursor, err, time.Since(start))
		}
	}
}

func newsArrive(t *testing.T, ctx context.Context, h Harness) {
	soon := h.soon(t, ctx)
	arrived := make(chan time.Time)
	for _, s := range []store.Store{h.Store, h.Second} {
		go func() {
			entries, _, err := s.Follow(ctx, "", 30*time.Second)
			if err != nil || len(entries) != 1 || string(entries[0]) != "news" {
				t.Errorf("Follow = %q, %v, expected the news", entries, err)
			}
			arrived <- time.Now()
		}()
	}
	time.Sleep(100 * time.Millisecond) // until both wait
	start := time.Now()
	h.append(t, ctx, "news", soon)
	for range 2 {
		took := (<-arrived).Sub(start)
		t.Logf("news arrived after %v", took)
		if took > 500*time.Millisecond {
			t.Errorf("news arrived after %v, expected less than 50ms, or a little more on a busy machine", took)
		}
	}
}

func entryStays(t *testing.T, ctx context.Context, h Harness) {
	now := h.now(t, ctx)
	h.append(t, ctx, "long", now.Add(time.Hour))
	for range 20 {
		h.append(t, ctx, "short", now.Add(100*time.Millisecond))
	}
	h.append(t, ctx, "over", now.Add(-time.Hour))
	h.Advance(150 * time.Millisecond)
	h.append(t, ctx, "last", now.Add(time.Minute))
	all, _ := readAll(t, ctx, h.Store, "")
	if len(all) < 2 || all[0] != "long" || all[len(all)-1] != "last" {
		t.Errorf("the log reads %q, expected what is not over yet", all)
	}
}

func logBytes(t *testing.T, ctx context.Context, h Harness) {
	entry := "\x00\r\n\xff"
	h.append(t, ctx, entry, h.soon(t, ctx))
	if all, _ := readAll(t, ctx, h.Store, ""); len(all) != 1 || all[0] != entry {
		t.Errorf("the log reads %q, expected %q", all, entry)
	}
}

// overGoes mixes entries that are soon over with entries that stay: the store removes the ones and keeps the others,
// while further entries are appended.
func overGoes(t *testing.T, ctx context.Context, h Harness) {
	const short, rounds = 66, 20
	now := h.now(t, ctx)
	positions := make(map[string]bool) // -> whether the entry stays
	for i := range short {
		if i%11 == 0 {
			positions[h.append(t, ctx, "long", now.Add(time.Hour))] = true
		}
		positions[h.append(t, ctx, "short", now.Add(100*time.Millisecond))] = false
	}
	h.Advance(150 * time.Millisecond)
	for range rounds {
		positions[h.append(t, ctx, "later", now.Add(time.Hour))] = true
	}
	for position, stays := range positions {
		if held := h.holds(t, ctx, position); held != stays {
			t.Errorf("the entry at %s is held: %v, expected %v", position, held, stays)
		}
	}
	if all, _ := readAll(t, ctx, h.Second, ""); slices.Contains(all, "short") {
		t.Errorf("the log still reads what is over: %q", all)
	}
}

func entryReplaces(t *testing.T, ctx context.Context, h Harness) {
	soon := h.soon(t, ctx)
	h.append(t, ctx, "before", soon)
	first, second := h.append(t, ctx, "first", soon), h.append(t, ctx, "second", soon)
	_, cursor := readAll(t, ctx, h.Second, "")
	both := h.append(t, ctx, "both", soon, first, second)
	if all, _ := readAll(t, ctx, h.Second, ""); !slices.Equal(all, []string{"before", "both"}) {
		t.Errorf("the log reads %q, expected that both replaced the two", all)
	}
	if all, _ := readAll(t, ctx, h.Second, cursor); !slices.Equal(all, []string{"both"}) {
		t.Errorf("behind an entry that was replaced the log reads %q, expected what came later", all)
	}
	if h.holds(t, ctx, first) || h.holds(t, ctx, second) || !h.holds(t, ctx, both) {
		t.Error("expected the new entry to be held, and no entry that it replaced")
	}
	h.append(t, ctx, "once more", soon, first, both) // one of the two is gone already
	if all, _ := readAll(t, ctx, h.Second, ""); !slices.Equal(all, []string{"before", "once more"}) {
		t.Errorf("the log reads %q, expected one entry in the place of both", all)
	}
}

func entryHeld(t *testing.T, ctx context.Context, h Harness) {
	position := h.append(t, ctx, "e", h.now(t, ctx).Add(300*time.Millisecond))
	if !h.holds(t, ctx, position) {
		t.Error("the entry is not held")
	}
	h.Advance(305 * time.Millisecond)
	if h.holds(t, ctx, position) {
		t.Error("the entry is held after its end")
	}
}
