package redisstore_test

import (
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// The server's clock was two hours ahead when all uses were noted, and is put right: nobody waits longer than the
// window.
func TestUsesLeaveTheFuture(t *testing.T) {
	t.Parallel()
	r := testenv.StartRedis(t)
	s := open(t, redisstore.Options{Addresses: []string{r.Addr}, KeyPrefix: "f:", Timeout: patient})
	limit := []store.Limit{{Max: 2, Per: time.Second}}
	ahead := time.Now().Add(2 * time.Hour).UnixMilli()
	r.Do("ZADD", "f:k", ahead, "uone", ahead+1000, "utwo", 1000, "w")
	wait, err := s.Take(t.Context(), "k", "three", limit)
	if err != nil || wait <= 0 || wait > time.Second {
		t.Fatalf("the wait is %v, want a second at the most (%v)", wait, err)
	}
	time.Sleep(wait)
	for _, id := range []string{"three", "four"} {
		if wait, err := s.Take(t.Context(), "k", id, limit); wait != 0 || err != nil {
			t.Errorf("after the wait, use %s has to wait %v (%v)", id, wait, err)
		}
	}
}
