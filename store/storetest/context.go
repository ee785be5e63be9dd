package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

var contextCases = []testCase{
	{"an ended context ends every call", endedContext},
	{"a canceled context ends the wait for news", canceledFollow},
	{"a deadline ends the wait for news", lateFollow},
	{"a closed store does nothing", closedStore},
}

// calls are all methods of a store but Close, each with arguments for which it has something to do.
var calls = map[string]func(ctx context.Context, s store.Store) error{
	"Get":   func(ctx context.Context, s store.Store) error { _, err := s.Get(ctx, "k"); return err },
	"Give":  func(ctx context.Context, s store.Store) error { return s.Give(ctx, "k", "id") },
	"Clear": func(ctx context.Context, s store.Store) error { return s.Clear(ctx, "k") },
	"Append": func(ctx context.Context, s store.Store) error {
		_, err := s.Append(ctx, []byte("e"), time.Now().Add(time.Hour))
		return err
	},
	"Holds": func(ctx context.Context, s store.Store) error { _, err := s.Holds(ctx, "1"); return err },
	"Scan":  func(ctx context.Context, s store.Store) error { _, _, err := s.Scan(ctx, "k", ""); return err },
	"Swap": func(ctx context.Context, s store.Store) error {
		_, err := s.Swap(ctx, "k", nil, []byte("a"), time.Now().Add(time.Hour))
		return err
	},
	"Take": func(ctx context.Context, s store.Store) error {
		_, err := s.Take(ctx, "k", "id", []store.Limit{{Max: 1, Per: time.Hour}})
		return err
	},
	"Follow": func(ctx context.Context, s store.Store) error {
		_, _, err := s.Follow(ctx, "", 30*time.Second)
		return err
	},
}

// promptly is how soon a call must end that has nothing to wait for.
const promptly = 2 * time.Second

func endedContext(t *testing.T, ctx context.Context, h Harness) {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for name, call := range calls {
		start := time.Now()
		if err := call(ended, h.Store); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, expected the context's error", name, err)
		}
		if took := time.Since(start); took > promptly {
			t.Errorf("%s took %v", name, took)
		}
	}
	if r := h.get(t, ctx, "k"); r.Data != nil {
		t.Error("Swap wrote, although its context had ended")
	}
}

func canceledFollow(t *testing.T, ctx context.Context, h Harness) {
	canceled, cancel := context.WithCancel(ctx)
	time.AfterFunc(100*time.Millisecond, cancel)
	follow(t, canceled, h, context.Canceled)
}

func lateFollow(t *testing.T, ctx context.Context, h Harness) {
	late, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	follow(t, late, h, context.DeadlineExceeded)
}

// follow checks that Follow ends soon after ctx, with the expected error.
func follow(t *testing.T, ctx context.Context, h Harness, expected error) {
	t.Helper()
	start := time.Now()
	_, cursor, err := h.Store.Follow(ctx, "", 30*time.Second)
	if !errors.Is(err, expected) || cursor != "" {
		t.Errorf("Follow = cursor %q, %v, expected none and %v", cursor, err, expected)
	}
	if took := time.Since(start); took > promptly {
		t.Errorf("Follow took %v, expected 100ms", took)
	}
}

func closedStore(t *testing.T, ctx context.Context, h Harness) {
	h.get(t, ctx, "k")
	followed := make(chan error)
	go func() { followed <- calls["Follow"](ctx, h.Store) }()
	time.Sleep(50 * time.Millisecond) // until it waits
	if err := h.Store.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	select {
	case err := <-followed:
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Follow, when the store was closed: %v, expected %v", err, store.ErrUnavailable)
		}
	case <-time.After(promptly):
		t.Error("Follow goes on when the store was closed")
	}
	for name, call := range calls {
		if err := call(ctx, h.Store); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s after Close: %v, expected %v", name, err, store.ErrUnavailable)
		}
	}
}
