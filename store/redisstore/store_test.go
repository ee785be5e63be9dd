package redisstore_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9/logging"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
	"github.com/caddy-sms-2fa/gateway/store/storetest"
)

func TestMain(m *testing.M) {
	logging.Disable() // the faults are on purpose
	m.Run()
}

var prefixes atomic.Int32

// freshPrefix is a key prefix that no other test uses, so that many tests can share one server.
func freshPrefix() string { return fmt.Sprintf("test%d:", prefixes.Add(1)) }

func open(t testing.TB, o redisstore.Options) *redisstore.Store {
	t.Helper()
	s := redisstore.New(o)
	t.Cleanup(func() { _ = s.Close() }) // some tests have closed it
	return s
}

// conform runs the suite with the options that reach a server.
func conform(t *testing.T, o redisstore.Options) {
	t.Helper()
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		o := o
		o.KeyPrefix, o.Timeout = freshPrefix(), patient
		return storetest.Harness{Store: open(t, o), Second: open(t, o)}
	})
}

func TestConformance(t *testing.T) {
	t.Parallel()
	conform(t, redisstore.Options{Addresses: []string{testenv.StartRedis(t).Addr}})
}
