package redisstore_test

import (
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
	"github.com/caddy-sms-2fa/gateway/store/storetest"
)

func Benchmark(b *testing.B) {
	s := open(b, redisstore.Options{Addresses: []string{testenv.StartRedis(b).Addr}, Timeout: patient})
	storetest.Bench(b, s)
}
