// Package redisstore keeps records in Redis, for gateways on many machines that share them: a single server, servers
// behind Sentinel, or a cluster.
//
// Each method but Scan is one round trip with one command on one key, so that it is atomic and works on a cluster. The
// clock is that of Redis, read inside the script, so gateways whose clocks differ cannot stretch a limit. Every key
// expires, except records that are to be kept without end.
//
// A write whose answer is lost is reported as store.ErrUnavailable and is never sent again, because Redis may have
// done it. A read is asked once more, over a new connection and within the same timeout, when its connection breaks or
// keeps silent: something between may have dropped a connection that was idle. Writes follow reads, so they find the
// new connection.
package redisstore

import (
	"context"
	"errors"
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
	// replicas is how many replicas must have a write before the write counts.
	replicas int
	sweep    sweep
	network  *network
}

var _ store.Store = (*Store)(nil)

// patience is the part of the timeout after which a read is asked again.
const patience = 3

// New returns a store. The first call connects to Redis; a lost connection is replaced by the next call.
func New(o Options) *Store {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	n := new(network)
	return &Store{client: o.client(n), prefix: o.KeyPrefix, timeout: o.Timeout, replicas: o.Replicas, network: n}
}

// Close closes all connections.
func (s *Store) Close() error {
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("closing store: %w", err)
	}
	return nil
}

// unrepeated is a command that the client library must not send a second time when its answer is lost.
type unrepeated struct{ *redis.Cmd }

// NoRetry is what the library's client of a cluster asks a command; that client ignores the option MaxRetries.
func (unrepeated) NoRetry() bool { return true }

// send sends one command and waits for its answer until ctx ends, and at most for the store's timeout.
func (s *Store) send(ctx context.Context, args ...any) (*redis.Cmd, error) {
	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	cmd := redis.NewCmd(bounded, args...)
	err := s.client.Process(bounded, unrepeated{cmd})
	s.lookAround(err)
	return cmd, err
}

// lookAround makes the client of a cluster ask which node has which keys, after a call that no node has answered. By
// itself the library asks once a minute, so that calls would go on to a node that is gone.
func (s *Store) lookAround(err error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	var answer redis.Error
	if !ok || err == nil || errors.As(err, &answer) && !isDelay(err) {
		return
	}
	cluster.ReloadState(context.Background())
}
