package redisstore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

func kinds(found []store.Condition) (kinds []store.Kind) {
	for _, c := range found {
		kinds = append(kinds, c.Kind)
	}
	slices.Sort(kinds)
	return kinds
}

// A server that evicts, or writes nothing to its disk, is told of; one whose ACL says nothing is not.
func TestConditions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		acl  string
		want []store.Kind
	}{
		{"as it should be", []string{"--appendonly", "yes"}, "", nil},
		{"saves now and then", []string{"--save", "60 1"}, "", nil},
		{"forgets", nil, "", []store.Kind{store.Forgets}},
		{
			"evicts all",
			[]string{"--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"},
			"",
			[]store.Kind{store.Evicts},
		},
		{
			"evicts what expires",
			[]string{"--maxmemory-policy", "volatile-ttl"},
			"",
			[]store.Kind{store.Evicts, store.Forgets},
		},
		{"does not tell its configuration", nil, "~* +@all -config", nil},
		{"tells nothing", []string{"--maxmemory-policy", "allkeys-lru"}, "~* +@all -info -config", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := testenv.StartRedis(t, tt.args...)
			o := redisstore.Options{Addresses: []string{r.Addr}, Timeout: 2 * time.Second}
			if tt.acl != "" {
				admin := redis.NewClient(&redis.Options{Addr: r.Addr})
				defer admin.Close()
				args := []any{"ACL", "SETUSER", "gate", "on", ">secret"}
				for _, rule := range strings.Fields(tt.acl) {
					args = append(args, rule)
				}
				if err := admin.Do(t.Context(), args...).Err(); err != nil {
					t.Fatal(err)
				}
				o.Username, o.Password = "gate", "secret"
			}
			found, err := open(t, o).Conditions(t.Context())
			if err != nil || fmt.Sprint(kinds(found)) != fmt.Sprint(tt.want) {
				t.Errorf("found %v, %v, want %v", found, err, tt.want)
			}
		})
	}
}
