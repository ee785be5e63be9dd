package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
)

// watched is a store in a file that counts the calls of Change, and lets another writer be faster.
type watched struct {
	store.Store
	gets, swaps int
	rival       func(tries int) // called before each swap
}

func (w *watched) Get(ctx context.Context, key string) (store.Record, error) {
	w.gets++
	return w.Store.Get(ctx, key)
}

func (w *watched) Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error) {
	w.swaps++
	if w.rival != nil {
		w.rival(w.swaps)
	}
	return w.Store.Swap(ctx, key, old, next, expires)
}

func open(t *testing.T) *watched {
	t.Helper()
	s := boltstore.New(filepath.Join(t.TempDir(), "store.db"), time.Now)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &watched{Store: s}
}

// put replaces the record by value, whatever the record is.
func (w *watched) put(t *testing.T, value string) store.Record {
	t.Helper()
	old, err := w.Store.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	swapped, err := w.Store.Swap(t.Context(), "k", old.Data, []byte(value), time.Now().Add(time.Hour))
	if err != nil || !swapped {
		t.Fatalf("Swap = %v, %v", swapped, err)
	}
	return store.Record{Data: []byte(value), Now: old.Now}
}

func (w *watched) data(t *testing.T) string {
	t.Helper()
	r, err := w.Store.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	return string(r.Data)
}

// add is a step that adds a letter.
func add(old store.Record) ([]byte, time.Time, error) {
	return append(append([]byte{}, old.Data...), 'x'), old.Now.Add(time.Hour), nil
}

func TestChange(t *testing.T) {
	t.Parallel()
	fault := errors.New("fault")
	for _, c := range []struct {
		name        string
		first       string // the record before; none if empty
		known       bool   // the caller knows it
		rival       string // what a rival writes before the first swap
		step        store.Step
		expected    string
		err         error
		gets, swaps int
	}{
		{name: "a record is made", step: add, expected: "x", gets: 1, swaps: 1},
		{name: "a record is changed", first: "a", step: add, expected: "ax", gets: 1, swaps: 1},
		{name: "a known record saves a read", first: "a", known: true, step: add, expected: "ax", gets: 0, swaps: 1},
		{name: "a faster rival is built upon", first: "a", rival: "b", step: add, expected: "bx", gets: 2, swaps: 2},
		{
			name: "what is known may be old", first: "a", known: true, rival: "b", step: add,
			expected: "bx", gets: 1, swaps: 2,
		},
		{name: "no change writes nothing", first: "a", step: same, expected: "a", gets: 1},
		{name: "no record stays none", step: same, gets: 1},
		{name: "a record is removed", first: "a", step: none, gets: 1, swaps: 1},
		{
			name: "a fault of the step ends it", first: "a", expected: "a", gets: 1, err: fault,
			step: func(store.Record) ([]byte, time.Time, error) { return []byte("b"), time.Time{}, fault },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			var known *store.Record
			if c.first != "" {
				r := w.put(t, c.first)
				if c.known {
					known = &r
				}
			}
			w.rival = func(tries int) {
				if c.rival != "" && tries == 1 {
					w.put(t, c.rival)
				}
			}
			r, err := store.Change(t.Context(), w, "k", known, c.step)
			if !errors.Is(err, c.err) || (err == nil && string(r.Data) != c.expected) {
				t.Errorf("Change = %q, %v, expected %q, %v", r.Data, err, c.expected, c.err)
			}
			if got := w.data(t); got != c.expected {
				t.Errorf("the record is %q, expected %q", got, c.expected)
			}
			if w.gets != c.gets || w.swaps != c.swaps {
				t.Errorf("it took %d reads and %d swaps, expected %d and %d", w.gets, w.swaps, c.gets, c.swaps)
			}
		})
	}
}

func same(old store.Record) ([]byte, time.Time, error) { return old.Data, time.Time{}, nil }
func none(store.Record) ([]byte, time.Time, error)     { return nil, time.Time{}, nil }

func TestChangeKnownTime(t *testing.T) {
	t.Parallel()
	w := open(t)
	known := store.Record{Now: time.Now().Add(-time.Minute)}
	r, err := store.Change(t.Context(), w, "k", &known, func(old store.Record) ([]byte, time.Time, error) {
		return []byte("a"), time.Now().Add(time.Hour), nil
	})
	if err != nil || !r.Now.Equal(known.Now) {
		t.Errorf("Change = at %v, %v, expected the time of the known record", r.Now, err)
	}
}

// lost is a store in which another writer is always faster, and which then cancels the context of the caller.
type lost struct {
	*watched
	lose func()
}

func (l lost) Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error) {
	swapped, err := l.watched.Swap(ctx, key, old, next, expires)
	if l.swaps == 3 {
		l.lose()
	}
	return swapped, err
}

func TestChangeContended(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.rival = func(tries int) { w.put(t, "rival"+string(rune('0'+tries))) }
	ctx, cancel := context.WithCancel(t.Context())
	_, err := store.Change(ctx, lost{w, cancel}, "k", nil, add)
	if !errors.Is(err, store.ErrContended) || !errors.Is(err, context.Canceled) {
		t.Errorf("Change: %v, expected %v and %v", err, store.ErrContended, context.Canceled)
	}
	if got := w.data(t); got != "rival3" {
		t.Errorf("the record is %q, expected what the rival wrote", got)
	}
}

func TestChangeUnavailable(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Change(ctx, w, "k", nil, add); !errors.Is(err, store.ErrUnavailable) ||
		!errors.Is(err, context.Canceled) {
		t.Errorf("Change: %v, expected %v and %v", err, store.ErrUnavailable, context.Canceled)
	}
}
