package redisstore

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Take notes a use.
func (s *Store) Take(ctx context.Context, key, id string, limits []store.Limit) (time.Duration, error) {
	const doing = "counting use"
	cmd, err := s.run(ctx, take, key, takeArgs(id, limits)...)
	if err != nil {
		return 0, failed(ctx, doing, err)
	}
	wait, ok := cmd.Val().(int64)
	if !ok {
		return 0, odd(doing)
	}
	return time.Duration(wait) * time.Millisecond, nil
}

func takeArgs(id string, limits []store.Limit) []any {
	longest := int64(1) // a key that lives for no time at all would never expire
	var pairs []any
	for _, l := range limits {
		per := max(l.Per.Milliseconds(), 1)
		longest = max(longest, per)
		pairs = append(pairs, l.Max, per)
	}
	return append([]any{id, longest}, pairs...)
}

// Give takes a use back.
func (s *Store) Give(ctx context.Context, key, id string) error {
	if _, err := s.send(ctx, s.timeout, "zrem", s.prefix+key, "u"+id); err != nil {
		return failed(ctx, "taking back use", err)
	}
	return nil
}
