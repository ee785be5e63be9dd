package redisstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sms-2fa/gateway/store"
)

// farewell is how long before the end of a call the wait for replicas ends, so that its answer still arrives.
const farewell = 50 * time.Millisecond

// write runs a script that changes something. With Options.Replicas, what it has written counts only when so many
// replicas have it: until then the answer is withheld, and after the timeout the write is one of which nobody knows
// whether it happened.
func (s *Store) write(ctx context.Context, script script, key string, args ...any) (*redis.Cmd, error) {
	if s.replicas == 0 {
		return s.run(ctx, script, key, args...)
	}
	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	master, err := s.master(bounded, key)
	if err != nil {
		return nil, err
	}
	conn := master.Conn() // WAIT speaks of what was written over the same connection
	defer conn.Close()
	rest := slices.Concat([]any{1, s.prefix + key}, args)
	cmd, err := s.writeAndWait(bounded, conn, slices.Concat([]any{"evalsha", script.digest}, rest))
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		cmd, err = s.writeAndWait(bounded, conn, slices.Concat([]any{"eval", script.source}, rest))
	}
	s.lookAround(err)
	return cmd, err
}

// master is the server that has a key.
func (s *Store) master(ctx context.Context, key string) (*redis.Client, error) {
	switch c := s.client.(type) {
	case *redis.Client:
		return c, nil
	case *redis.ClusterClient:
		return c.MasterForKey(ctx, s.prefix+key)
	}
	return nil, fmt.Errorf("%w: the client has no servers", store.ErrUnavailable)
}

// writeAndWait sends a command, and asks behind it how many replicas have what was written.
func (s *Store) writeAndWait(ctx context.Context, conn *redis.Conn, command []any) (*redis.Cmd, error) {
	patience := s.timeout - farewell
	if end, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(end)-farewell)
	}
	pipe := conn.Pipeline()
	cmd := pipe.Do(ctx, command...)
	wait := pipe.Do(ctx, "wait", s.replicas, max(patience.Milliseconds(), 1))
	if _, err := pipe.Exec(ctx); cmd.Err() != nil {
		return cmd, cmd.Err()
	} else if err != nil {
		return cmd, err
	}
	have, err := wait.Int()
	if err != nil {
		return cmd, err
	}
	if have < s.replicas {
		return cmd, fmt.Errorf("%w: %d of %d replicas have what was written", store.ErrUnavailable, have, s.replicas)
	}
	return cmd, nil
}
