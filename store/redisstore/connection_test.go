package redisstore_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// busy makes the store open several connections, which are idle afterwards.
func busy(t *testing.T, s store.Store) {
	t.Helper()
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if _, err := s.Get(t.Context(), "kept"); err != nil {
				t.Errorf("Get: %v", err)
			}
		})
	}
	wg.Wait()
}

// Something between gateway and Redis has dropped the idle connections. The next question is answered all the same,
// and what is written after a read is written once.
func TestDroppedConnectionsCostNoCall(t *testing.T) {
	t.Parallel()
	for _, how := range []testenv.Drop{testenv.DropSilently, testenv.DropWithReset} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			r := testenv.StartRedis(t)
			p := testenv.StartProxy(t, r.Addr)
			s := open(t, redisstore.Options{Addresses: []string{p.Addr}, Timeout: 1500 * time.Millisecond})
			keep(t, s)
			for round := range 3 {
				busy(t, s)
				p.Drop(how)
				increment := func(old store.Record) ([]byte, time.Time, error) {
					n, _ := strconv.Atoi(string(old.Data))
					return strconv.AppendInt(nil, int64(n+1), 10), old.Now.Add(time.Hour), nil
				}
				rec, err := store.Change(t.Context(), s, "counter", nil, increment)
				if err != nil || string(rec.Data) != strconv.Itoa(round+1) {
					t.Errorf("round %d: Change = %q, %v", round, rec.Data, err)
				}
				if wait, err := s.Take(t.Context(), "use", strconv.Itoa(round), limit); err != nil || wait != 0 {
					t.Errorf("round %d: Take = %s, %v", round, wait, err)
				}
			}
			if n := r.Do("ZCARD", "use").(int64); n != 4 { // three uses, and the window
				t.Errorf("%d members, want 4", n)
			}
			busy(t, s)
			p.Drop(how)
			if _, _, err := s.Follow(t.Context(), "", 50*time.Millisecond); err != nil {
				t.Errorf("Follow: %v", err)
			}
			busy(t, s)
			p.Drop(how)
			if _, err := s.Holds(t.Context(), "1-0"); err != nil {
				t.Errorf("Holds: %v", err)
			}
		})
	}
}

// A connection is dropped while a call of Follow waits: the news arrive with the next question.
func TestDropWhileFollowWaits(t *testing.T) {
	t.Parallel()
	p := testenv.StartProxy(t, testenv.StartRedis(t).Addr)
	s := open(t, redisstore.Options{Addresses: []string{p.Addr}, Timeout: 1500 * time.Millisecond})
	told := make(chan struct{})
	go func() {
		entries, _, err := s.Follow(t.Context(), "", 500*time.Millisecond)
		if err != nil || len(entries) != 1 {
			t.Errorf("Follow = %q, %v", entries, err)
		}
		close(told)
	}()
	time.Sleep(100 * time.Millisecond)
	p.Drop(testenv.DropSilently)
	if _, err := s.Get(t.Context(), "kept"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), []byte("news"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	<-told
}

// A write over a connection that breaks is not sent again: whether Redis has done it is not known.
func TestBrokenWriteIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := testenv.StartRedis(t)
	p := testenv.StartProxy(t, r.Addr)
	s := open(t, redisstore.Options{Addresses: []string{p.Addr}, Timeout: time.Second})
	if _, err := s.Append(t.Context(), []byte("first"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, how := range []testenv.Drop{testenv.DropAnswers, testenv.DropSilently, testenv.DropWithReset} {
		p.Drop(how)
		_, err := s.Append(t.Context(), []byte(how), time.Now().Add(time.Hour))
		if err != nil && !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", how, err)
		}
	}
	all, _, err := s.Follow(t.Context(), "", time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	for _, entry := range all {
		if seen[string(entry)]++; seen[string(entry)] > 1 {
			t.Errorf("%q was written twice", entry)
		}
	}
	if seen[string(testenv.DropAnswers)] != 1 {
		t.Error("the write whose answer was dropped was expected to be done, once")
	}
}
