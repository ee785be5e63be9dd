package app

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/store"
)

// How often the store's servers are asked how they are set up: an operator may change that while they run, and another
// server may take over.
const (
	conditionPause   = time.Minute
	conditionTimeout = 10 * time.Second
)

// conditioned is a store whose servers can be set up badly.
type conditioned interface {
	Conditions(ctx context.Context) ([]store.Condition, error)
}

// conditions are those that were told of.
type conditions map[store.Condition]bool

// advice is what a condition means, and what the operator can do.
var advice = map[store.Kind]string{
	store.Evicts: "Redis removes records when its memory is full: blocked accounts may guess again, and all " +
		"sessions may end; set maxmemory-policy noeviction",
	store.Forgets: "Redis writes nothing to its disk: when it restarts, all sessions end and blocks begin anew; " +
		"set appendonly yes",
	store.Old: "Redis is too old; version 6.2 or later is needed",
}

// watchConditions tells once of each condition that does not suit a gateway, and again when it has come back.
func (b *Backend) watchConditions(ctx context.Context) {
	s, ok := b.stores.Store.(conditioned)
	if !ok {
		return
	}
	told := make(conditions)
	for {
		bounded, cancel := context.WithTimeout(ctx, conditionTimeout)
		found, err := s.Conditions(bounded)
		cancel()
		metrics.LostRevocations.Set(float64(b.Follower().Lost()))
		if err == nil { // a store that does not answer is told of elsewhere
			told = b.tellConditions(found, told)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(conditionPause):
		}
	}
}

// tellConditions logs what was not told before, and returns what is told now.
func (b *Backend) tellConditions(found []store.Condition, told conditions) conditions {
	now := make(conditions, len(found))
	servers := make(map[store.Kind]int)
	for _, c := range found {
		now[c] = true
		servers[c.Kind]++
		if told[c] {
			continue
		}
		log := b.log.Error
		if c.Kind == store.Forgets {
			log = b.log.Warn
		}
		log("store is not set up for this: "+advice[c.Kind],
			"condition", string(c.Kind), "server", c.Server, "value", c.Value)
	}
	for kind := range advice {
		metrics.StoreConditions.WithLabelValues(string(kind)).Set(float64(servers[kind]))
	}
	return now
}
