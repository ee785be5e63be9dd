// Package storetest is what every store must pass. A store's own test calls Run with a function that opens it.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Harness is one store to test, fresh and empty.
type Harness struct {
	// Store is the store.
	Store store.Store

	// Second is another client on the same data. Where only one can have it, it is Store again.
	Second store.Store

	// Advance makes time pass on the store's clock. Default: time.Sleep.
	Advance func(time.Duration)
}

// patience is how long anything may take that has no bound of its own.
const patience = time.Minute

// Run runs the suite. open is called once for each case, and must see to it that the store is closed.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, group := range [][]testCase{recordCases, limitCases, logCases, contextCases} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				h := open(t)
				if h.Advance == nil {
					h.Advance = time.Sleep
				}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				c.run(t, ctx, h)
			})
		}
	}
}

type testCase struct {
	name string
	run  func(t *testing.T, ctx context.Context, h Harness)
}

func (h Harness) get(t *testing.T, ctx context.Context, key string) store.Record {
	t.Helper()
	r, err := h.Store.Get(ctx, key)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return r
}

func (h Harness) now(t *testing.T, ctx context.Context) time.Time {
	t.Helper()
	return h.get(t, ctx, "clock").Now
}

// soon is a time at which nothing of a test has expired yet.
func (h Harness) soon(t *testing.T, ctx context.Context) time.Time {
	t.Helper()
	return h.now(t, ctx).Add(time.Hour)
}

func (h Harness) swap(t *testing.T, ctx context.Context, key string, old, next []byte, expires time.Time) bool {
	t.Helper()
	swapped, err := h.Store.Swap(ctx, key, old, next, expires)
	if err != nil {
		t.Fatalf("Swap: %v", err)
	}
	return swapped
}

func (h Harness) take(t *testing.T, ctx context.Context, key, id string, limits ...store.Limit) time.Duration {
	t.Helper()
	wait, err := h.Store.Take(ctx, key, id, limits)
	if err != nil {
		t.Fatalf("Take: %v", err)
	}
	return wait
}
