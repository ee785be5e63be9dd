// Package redisstore keeps records in Redis: standalone, behind Sentinel, or a cluster. Gateways on many machines share it.
//
// Each method is one round trip, one command and one key, so that it is atomic and works on a cluster. Time is Redis' own,
// read inside the script, so gateways whose clocks differ cannot stretch a limit. Every key expires.
//
// A write whose answer is lost is reported as store.ErrUnavailable and never sent again: what came of it is not known.
package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Store is a store in Redis.
type Store struct {
	client  redis.UniversalClient
	prefix  string
	timeout time.Duration
}

var _ store.Store = (*Store)(nil)

// New returns a store. It connects when it is first used, and again whenever it has to.
func New(o Options) *Store {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	return &Store{client: o.client(), prefix: o.KeyPrefix, timeout: o.Timeout}
}

// Close closes all connections.
func (s *Store) Close() error {
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("closing store: %w", err)
	}
	return nil
}

// once is a command that the client must not send again, whatever becomes of its answer.
type once struct{ *redis.Cmd }

// NoRetry is asked by the cluster's client, which heeds no other setting.
func (once) NoRetry() bool { return true }

// send sends one command and waits for its answer, for as long as both ctx and the store's patience allow.
func (s *Store) send(ctx context.Context, patience time.Duration, args ...any) (*redis.Cmd, error) {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := redis.NewCmd(bounded, args...)
	return cmd, s.client.Process(bounded, once{cmd})
}
