package redisstore_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// slack is how much longer than its timeout a call may take on a busy machine.
const slack = time.Second

func allCalls() map[string]func(ctx context.Context, s store.Store) error {
	all := maps.Clone(writes)
	maps.Copy(all, reads)
	all["Give"] = func(ctx context.Context, s store.Store) error { return s.Give(ctx, "limit", "id") }
	all["Clear"] = func(ctx context.Context, s store.Store) error { return s.Clear(ctx, "limit") }
	return all
}

// recovers waits until calls to the store succeed, without a new store.
func recovers(t *testing.T, s store.Store) store.Record {
	t.Helper()
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		r, err := s.Get(t.Context(), "kept")
		if err == nil {
			t.Logf("it works again after %v", time.Since(start))
			return r
		}
		if time.Since(start) > 20*time.Second {
			t.Fatalf("it does not recover: %v", err)
		}
	}
}

func TestHang(t *testing.T) {
	t.Parallel()
	const timeout = 500 * time.Millisecond
	r := testenv.StartRedis(t)
	s := open(t, redisstore.Options{Addresses: []string{r.Addr}, Timeout: timeout})
	keep(t, s)
	r.Pause()
	var wg sync.WaitGroup
	for name, call := range allCalls() {
		for range 5 {
			wg.Go(func() {
				start := time.Now()
				err := call(t.Context(), s)
				if took := time.Since(start); !errors.Is(err, store.ErrUnavailable) || took > timeout+slack {
					t.Errorf("%s of a hung server: %v after %v, expected %v within %v", name, err, took,
						store.ErrUnavailable, timeout)
				}
			})
		}
	}
	wg.Wait()
	r.Resume()
	recovers(t, s)
	for range 50 { // no answer may belong to a question of before
		wg.Go(func() {
			if got, err := s.Get(t.Context(), "kept"); err != nil || string(got.Data) != "safe" {
				t.Errorf("after the hang Get = %q, %v, expected %q", got.Data, err, "safe")
			}
			if got, err := s.Get(t.Context(), "nobody"); err != nil || got.Data != nil {
				t.Errorf("after the hang Get = %q, %v, expected none", got.Data, err)
			}
		})
	}
	wg.Wait()
}

func TestDeadlineDuringHang(t *testing.T) {
	t.Parallel()
	r := testenv.StartRedis(t)
	s := open(t, redisstore.Options{Addresses: []string{r.Addr}, Timeout: time.Minute})
	keep(t, s)
	r.Pause()
	defer r.Resume()
	for name, call := range allCalls() {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		start := time.Now()
		err := call(ctx, s)
		if took := time.Since(start); took > 100*time.Millisecond+slack {
			t.Errorf("%s took %v, expected 100ms", name, took)
		}
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, expected both %v and %v", name, err, store.ErrUnavailable, context.DeadlineExceeded)
		}
		cancel()
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	r := testenv.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	s := open(t, redisstore.Options{Addresses: []string{r.Addr}, Timeout: patient})
	keep(t, s)
	r.Stop()
	for name, call := range allCalls() {
		if err := call(t.Context(), s); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s without a server: %v, expected %v", name, err, store.ErrUnavailable)
		}
	}
	r.Restart()
	if got := recovers(t, s); string(got.Data) != "safe" {
		t.Errorf("after the restart the record is %q, expected %q", got.Data, "safe")
	}
	for name, call := range allCalls() {
		if err := call(t.Context(), s); err != nil {
			t.Errorf("%s after the restart: %v", name, err)
		}
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	s := open(t, redisstore.Options{Addresses: []string{"127.0.0.1:1"}})
	start := time.Now()
	if _, err := s.Get(t.Context(), "k"); !errors.Is(err, store.ErrUnavailable) ||
		time.Since(start) > redisstore.DefaultTimeout+slack {
		t.Errorf("Get: %v after %v, expected %v", err, time.Since(start), store.ErrUnavailable)
	}
}
