package register_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/register"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

const (
	number1 phone.Number = "+15005550006"
	number2 phone.Number = "+15005550009"
	number3 phone.Number = "+4915123456789"
)

// key is a secret's contribution.
func key(id string) register.SealKey {
	return register.SealKey{ID: id, Key: bytes.Repeat([]byte(id[:1]), 32)}
}

var ring = []register.SealKey{key("first")}

// clock is a clock that only the test moves.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.ms.Store(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func openBolt(t testing.TB, now func() time.Time) store.Store {
	t.Helper()
	s := boltstore.New(filepath.Join(t.TempDir(), "store.db"), now)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openRedis(t testing.TB, o redisstore.Options) store.Store {
	t.Helper()
	o.KeyPrefix, o.Timeout = "sms2fa:", 30*time.Second
	s := redisstore.New(o)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// eachStore runs a test on every kind of store, with two clients of the same data.
func eachStore(t *testing.T, test func(t *testing.T, first, second store.Store)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		s := openBolt(t, time.Now)
		test(t, s, s)
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		o := redisstore.Options{Addresses: []string{testenv.StartRedis(t).Addr}}
		test(t, openRedis(t, o), openRedis(t, o))
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		nodes := testenv.StartRedisCluster(t, 3)
		o := redisstore.Options{Addresses: []string{nodes[0].Addr}, Cluster: true}
		test(t, openRedis(t, o), openRedis(t, o))
	})
}

func open(t testing.TB, s store.Store) *register.Register {
	t.Helper()
	r, err := register.Open(t.Context(), s, ring, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// enrolled is the proof of a number that a visitor gave.
func enrolled(user string, n phone.Number) register.Proof {
	return register.Proof{User: user, Number: n, How: register.HowEnroll}
}

// check fails the test unless an outcome is the expected one.
func check(t testing.TB, what string, o register.Outcome, err error, expected register.Outcome) {
	t.Helper()
	if err != nil || o != expected {
		t.Errorf("%s: %q, %v, expected %q", what, o, err, expected)
	}
}

// numbersOf are the numbers of a user.
func numbersOf(t testing.TB, r *register.Register, user string) []phone.Number {
	t.Helper()
	e, found, err := r.Find(t.Context(), user)
	if err != nil || found != (len(e.Numbers) > 0) || e.User != user {
		t.Fatalf("Find of %s = %v, %v, %v", user, e, found, err)
	}
	var numbers []phone.Number
	for _, n := range e.Numbers {
		numbers = append(numbers, n.Phone)
	}
	return numbers
}

func expectNumbers(t testing.TB, r *register.Register, user string, expected ...phone.Number) {
	t.Helper()
	if got := numbersOf(t, r, user); !slices.Equal(got, expected) {
		t.Errorf("the numbers of %s are %s, expected %s", user, e164(got), e164(expected))
	}
}

func e164(numbers []phone.Number) []string {
	var texts []string
	for _, n := range numbers {
		texts = append(texts, n.E164())
	}
	return texts
}

func expectOwners(t testing.TB, r *register.Register, n phone.Number, expected ...string) {
	t.Helper()
	owners, err := r.Owners(t.Context(), n)
	if err != nil || !slices.Equal(owners, expected) {
		t.Errorf("the owners of %s are %v, %v, expected %v", n.E164(), owners, err, expected)
	}
}

// all are all entries, by user.
func all(t testing.TB, r *register.Register) map[string][]phone.Number {
	t.Helper()
	entries := make(map[string][]phone.Number)
	for e, err := range r.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		entries[e.User] = nil
		for _, n := range e.Numbers {
			entries[e.User] = append(entries[e.User], n.Phone)
		}
	}
	return entries
}

// dump is all records of a store that begin with a prefix.
func dump(t testing.TB, s store.Store, prefix string) []store.Named {
	t.Helper()
	var records []store.Named
	for cursor := ""; ; {
		portion, next, err := s.Scan(context.WithoutCancel(t.Context()), prefix, cursor)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, portion...)
		if next == "" {
			return records
		}
		cursor = next
	}
}

// interrupted is a store at which something else happens just before a record of a kind is read for the first time.
type interrupted struct {
	store.Store
	prefix string
	once   sync.Once
	happen func()
}

func (s *interrupted) Get(ctx context.Context, key string) (store.Record, error) {
	if strings.HasPrefix(key, s.prefix) {
		s.once.Do(s.happen)
	}
	return s.Store.Get(ctx, key)
}

// errStopped is the error of a store that a gateway does not reach any more.
var errStopped = fmt.Errorf("%w: the gateway has stopped", store.ErrUnavailable)

// stopping is a store that ends in the middle of what a gateway does: after some writes nothing works any more. The
// last write happens, but its answer is lost.
type stopping struct {
	store.Store
	writes atomic.Int32 // that are left
}

func (s *stopping) Get(ctx context.Context, key string) (store.Record, error) {
	if s.writes.Load() <= 0 {
		return store.Record{}, errStopped
	}
	return s.Store.Get(ctx, key)
}

func (s *stopping) Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error) {
	left := s.writes.Add(-1)
	if left < 0 {
		return false, errStopped
	}
	swapped, err := s.Store.Swap(ctx, key, old, next, expires)
	if left == 0 {
		return false, errors.Join(errStopped, err)
	}
	return swapped, err
}
