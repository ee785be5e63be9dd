package caddymodule_test

import (
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// A Redis that is set up badly is told of in the log, once, and by a metric.
func TestRedisThatIsSetUpBadly(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t, "--maxmemory-policy", "allkeys-lru")
	s := startSite(t, setup{global: "store redis {\naddress " + redis.Addr + "\n}"})
	s.visitor(t, "alice").login("/")
	s.AwaitLog(t, "set maxmemory-policy noeviction")
	s.AwaitLog(t, "set appendonly yes")
	metrics := s.Get("/metrics")
	for _, want := range []string{
		`caddy_sms_2fa_store_conditions{condition="evicts"} 1`, `caddy_sms_2fa_store_conditions{condition="forgets"} 1`,
		`caddy_sms_2fa_store_conditions{condition="old"} 0`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
