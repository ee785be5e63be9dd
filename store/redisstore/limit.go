package redisstore

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Take notes a use, see store.Store.
func (s *Store) Take(ctx context.Context, key, id string, limits []store.Limit) (time.Duration, error) {
	const doing = "counting use"
	cmd, err := s.write(ctx, take, key, takeArgs(id, limits)...)
	if err != nil {
		return 0, failed(ctx, doing, err)
	}
	wait, ok := cmd.Val().(int64)
	if !ok {
		return 0, oddAnswer(doing)
	}
	return time.Duration(wait) * time.Millisecond, nil
}

// takeArgs are the arguments of the script take behind its key.
func takeArgs(id string, limits []store.Limit) []any {
	longest := int64(1) // milliseconds; with no time to live, Redis would remove the key at once
	var pairs []any
	for _, l := range limits {
		per := max(l.Per.Milliseconds(), 1)
		longest = max(longest, per)
		pairs = append(pairs, l.Max, per)
	}
	return append([]any{id, longest}, pairs...)
}

// Give removes a use, see store.Store.
func (s *Store) Give(ctx context.Context, key, id string) error {
	if _, err := s.send(ctx, "zrem", s.prefix+key, "u"+id); err != nil {
		return failed(ctx, "taking back use", err)
	}
	return nil
}

// Clear removes all uses under a key, see store.Store.
func (s *Store) Clear(ctx context.Context, key string) error {
	if _, err := s.send(ctx, "del", s.prefix+key); err != nil {
		return failed(ctx, "lifting limit", err)
	}
	return nil
}
