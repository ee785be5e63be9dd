// Package storetest is the conformance suite for stores: it holds a store to the contract of package store. The test
// of each store calls Run with a function that opens a fresh, empty store.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Harness is a fresh, empty store for one case of the suite.
type Harness struct {
	// Store is the store under test.
	Store store.Store

	// Second is a second client on the same data. Where the data can have one client only, Second is Store.
	Second store.Store

	// Advance moves the store's clock forward by some time. Default: time.Sleep.
	Advance func(time.Duration)
}

// patience is how long one case of the suite may take.
const patience = time.Minute

// Run runs the suite. It calls open once for each case; open registers a cleanup that closes the store.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, group := range [][]testCase{recordCases, scanCases, limitCases, logCases, contextCases} {
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

// soon is an expiry that no test reaches.
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
