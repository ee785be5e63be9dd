package redisstore

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sms-2fa/gateway/store"
)

// refusals are the answers by which Redis says that it will not do it. Any other fault means that it cannot be reached, or
// not now.
var refusals = []struct{ prefix, advice string }{
	{"OOM", "it is out of memory; give it more, and set maxmemory-policy noeviction"},
	{"READONLY", "it is a read-only replica; give the address of the master"},
	{"MISCONF", "it cannot save to its disk"},
	{"NOREPLICAS", "it has too few replicas"},
	{"NOAUTH", "it wants a password; set the option password"},
	{"WRONGPASS", "it does not accept the username and password"},
	{"NOPERM", "its ACL does not let this user do it"},
	{"WRONGTYPE", "a key of ours holds something else; use another key_prefix"},
}

// failed sorts a fault into the two kinds of the contract. What Redis said beyond its first word is left out: it can hold
// keys and arguments.
func failed(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w: %w", doing, store.ErrUnavailable, ctx.Err())
	}
	for _, r := range refusals {
		if redis.HasErrorPrefix(err, r.prefix) {
			return fmt.Errorf("%s: %w: Redis says %s: %s", doing, store.ErrRefused, r.prefix, r.advice)
		}
	}
	return fmt.Errorf("%s: %w: %w", doing, store.ErrUnavailable, err)
}
