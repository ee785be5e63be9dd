package redisstore_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

func TestOneRoundTrip(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	p.target.Store(testenv.StartRedis(t).Addr)
	s := open(t, redisstore.Options{Addresses: []string{p.addr}, Timeout: patient})
	for round, expected := range []int32{-1, 1} { // at first Redis is told the scripts
		for name, call := range allCalls() {
			before := p.asked.Load()
			if err := call(t.Context(), s); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if asked := p.asked.Load() - before; expected > 0 && asked != expected {
				t.Errorf("round %d: %s took %d round trips, expected %d", round, name, asked, expected)
			}
		}
	}
}

func TestEveryKeyExpires(t *testing.T) {
	t.Parallel()
	r := testenv.StartRedis(t)
	s := open(t, redisstore.Options{Addresses: []string{r.Addr}, KeyPrefix: "gate:", Timeout: patient})
	for i := range 3 {
		keepFor(t, s, fmt.Sprint("record", i), time.Hour)
		if _, err := s.Take(t.Context(), "limit", fmt.Sprint(i), limit); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Give(t.Context(), "limit", "0"); err != nil {
		t.Fatal(err)
	}
	for _, life := range []time.Duration{time.Minute, time.Hour, time.Second, -time.Second} {
		if _, err := s.Append(t.Context(), []byte("e"), time.Now().Add(life)); err != nil {
			t.Fatal(err)
		}
	}
	keys := r.Do("KEYS", "*").([]any)
	if len(keys) != 5 {
		t.Errorf("the keys are %q, expected 3 records, a limit and the log", keys)
	}
	for _, key := range keys {
		left := time.Duration(r.Do("PTTL", key).(int64)) * time.Millisecond
		if left <= 59*time.Minute || left > time.Hour || !strings.HasPrefix(key.(string), "gate:") {
			t.Errorf("%s expires in %v, expected a key of ours that expires in 1h", key, left)
		}
	}
}

func TestLogIsTrimmed(t *testing.T) {
	t.Parallel()
	r := testenv.StartRedis(t)
	s := open(t, redisstore.Options{Addresses: []string{r.Addr}, Timeout: patient})
	for range 100 {
		if _, err := s.Append(t.Context(), []byte("e"), time.Now().Add(100*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Append(t.Context(), []byte("e"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(150 * time.Millisecond)
	for range 20 {
		if _, err := s.Append(t.Context(), []byte("e"), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.Do("XLEN", "log").(int64); n != 21 {
		t.Errorf("the log has %d entries, expected the 21 that are not over", n)
	}
}

func keepFor(t testing.TB, s *redisstore.Store, key string, life time.Duration) {
	t.Helper()
	keepValue(t.Context(), t, s, key, []byte("value"), life)
}

func keepValue(ctx context.Context, t testing.TB, s *redisstore.Store, key string, value []byte, life time.Duration) {
	t.Helper()
	if swapped, err := s.Swap(ctx, key, nil, value, time.Now().Add(life)); err != nil || !swapped {
		t.Errorf("Swap of %s = %v, %v", key, swapped, err)
	}
}

// TestMemory bounds the memory that a record of usual size takes in Redis.
func TestMemory(t *testing.T) {
	t.Parallel()
	const (
		records, writers = 20000, 8
		valueSize        = 330
		allowed          = 600 // bytes a record
	)
	r := testenv.StartRedis(t)
	s := open(t, redisstore.Options{Addresses: []string{r.Addr}, KeyPrefix: "sms2fa:", Timeout: patient})
	keepFor(t, s, "first", time.Hour)
	before := usedMemory(t, r)
	value := []byte(strings.Repeat("v", valueSize))
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := w; i < records; i += writers {
				keepValue(t.Context(), t, s, fmt.Sprintf("a:%022d", i), value, time.Hour)
			}
		})
	}
	wg.Wait()
	each := (usedMemory(t, r) - before) / records
	one := r.Do("MEMORY", "USAGE", fmt.Sprintf("sms2fa:a:%022d", 1)).(int64)
	t.Logf("a record costs %d bytes in all, %d by MEMORY USAGE", each, one)
	if each > allowed {
		t.Errorf("a record costs %d bytes, expected %d at most", each, allowed)
	}
}

func usedMemory(t *testing.T, r *testenv.Redis) int {
	t.Helper()
	found := regexp.MustCompile(`used_memory:(\d+)`).FindStringSubmatch(r.Do("INFO", "memory").(string))
	if found == nil {
		t.Fatal("Redis does not tell its memory")
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
