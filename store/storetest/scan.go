package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

var scanCases = []testCase{
	{"an empty store is looked through at once", scanNothing},
	{"every record of a prefix is found, in portions", scanPortions},
	{"a prefix is taken as it is written", scanPrefixes},
	{"what has expired or was removed is not found", scanOver},
	{"a record that stays is found while others come and go", scanAmongWriters},
	{"a cursor of somebody else is refused", scanForeign},
}

// scan looks through all records of a prefix, and counts how often each key was found.
func (h Harness) scan(t *testing.T, ctx context.Context, prefix string) map[string]int {
	t.Helper()
	found := make(map[string]int)
	for cursor := ""; ; {
		records, next, err := h.Store.Scan(ctx, prefix, cursor)
		if err != nil {
			t.Fatalf("Scan: %v", err)
		}
		if len(records) > 2*store.MaxPortion {
			t.Errorf("a portion has %d records, expected about %d at the most", len(records), store.MaxPortion)
		}
		for _, r := range records {
			if string(r.Data) != valueOf(r.Key) {
				t.Errorf("the record under %q is %q, expected %q", r.Key, r.Data, valueOf(r.Key))
			}
			found[r.Key]++
		}
		if next == "" {
			return found
		}
		cursor = next
	}
}

// valueOf is the record that the cases of Scan keep under a key.
func valueOf(key string) string { return "value of " + key }

func (h Harness) keep(t *testing.T, ctx context.Context, key string, expires time.Time) {
	t.Helper()
	if !h.swap(t, ctx, key, nil, []byte(valueOf(key)), expires) {
		t.Errorf("making the record under %q was refused", key)
	}
}

func scanNothing(t *testing.T, ctx context.Context, h Harness) {
	for _, prefix := range []string{"", "u:"} {
		if found := h.scan(t, ctx, prefix); len(found) != 0 {
			t.Errorf("found %v in an empty store", found)
		}
	}
}

func scanPortions(t *testing.T, ctx context.Context, h Harness) {
	const records, writers = store.MaxPortion + 200, 8
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := w; i < records; i += writers {
				if _, err := h.Store.Swap(ctx, fmt.Sprint("u:", i), nil, []byte(valueOf(fmt.Sprint("u:", i))),
					time.Time{}); err != nil {
					t.Errorf("Swap: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for _, other := range []string{"a:1", "u", "v:1", "t:9"} {
		h.keep(t, ctx, other, h.soon(t, ctx))
	}
	found := h.scan(t, ctx, "u:")
	if len(found) != records {
		t.Errorf("found %d records, expected %d", len(found), records)
	}
	for i := range records {
		if found["u:"+strconv.Itoa(i)] == 0 {
			t.Fatalf("u:%d was not found", i)
		}
	}
}

func scanPrefixes(t *testing.T, ctx context.Context, h Harness) {
	keys := []string{"*:a", "?:a", "[ab]:a", `\:a`, "a:a", "b:a", "^:a", "a:\x00\xff", "a:*"}
	for _, key := range keys {
		h.keep(t, ctx, key, time.Time{})
	}
	for prefix, expected := range map[string]int{
		"*": 1, "?": 1, "[ab]": 1, `\`: 1, "^": 1, "a:": 3, "b": 1, "": len(keys), "a:*": 1, "c": 0,
	} {
		if found := h.scan(t, ctx, prefix); len(found) != expected {
			t.Errorf("prefix %q: found %v, expected %d", prefix, found, expected)
		}
	}
}

func scanOver(t *testing.T, ctx context.Context, h Harness) {
	const life = 200 * time.Millisecond
	h.keep(t, ctx, "u:over", h.now(t, ctx).Add(life))
	h.keep(t, ctx, "u:kept", time.Time{})
	h.keep(t, ctx, "u:removed", time.Time{})
	h.swap(t, ctx, "u:removed", []byte(valueOf("u:removed")), nil, time.Time{})
	h.take(t, ctx, "u:limit", "id", store.Limit{Max: 1, Per: life})
	h.Advance(life + 5*time.Millisecond)
	if found := h.scan(t, ctx, "u:"); len(found) != 1 || found["u:kept"] != 1 {
		t.Errorf("found %v, expected the record that is kept", found)
	}
}

func scanAmongWriters(t *testing.T, ctx context.Context, h Harness) {
	const stay = 100
	for i := range stay {
		h.keep(t, ctx, fmt.Sprint("u:stays", i), time.Time{})
	}
	writing, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; writing.Err() == nil && i < 200; i++ {
				key := fmt.Sprintf("u:%d/%d", w, i)
				_, _ = h.client(w).Swap(writing, key, nil, []byte(valueOf(key)), time.Time{})
				if i%2 == 0 {
					_, _ = h.client(w).Swap(writing, key, []byte(valueOf(key)), nil, time.Time{})
				}
			}
		})
	}
	for range 5 {
		found := h.scan(t, ctx, "u:")
		for i := range stay {
			if found[fmt.Sprint("u:stays", i)] == 0 {
				t.Errorf("u:stays%d was not found", i)
			}
		}
	}
	stop()
	wg.Wait()
}

func scanForeign(t *testing.T, ctx context.Context, h Harness) {
	h.keep(t, ctx, "u:1", time.Time{})
	if _, _, err := h.Store.Scan(ctx, "u:", "no cursor\x00"); !errors.Is(err, store.ErrRefused) {
		t.Errorf("Scan: %v, expected %v", err, store.ErrRefused)
	}
}
