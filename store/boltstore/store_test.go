package boltstore_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store/boltstore"
	"github.com/caddy-sms-2fa/gateway/store/storetest"
)

// clock is a clock that only advance moves.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.ms.Store(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func open(t testing.TB, path string, now func() time.Time) *boltstore.Store {
	t.Helper()
	s := boltstore.New(path, now)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		c := newClock()
		s := open(t, filepath.Join(t.TempDir(), "store.db"), c.now)
		return storetest.Harness{Store: s, Second: s, Advance: c.advance}
	})
}
