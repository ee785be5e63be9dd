package redisstore

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Take notes a use.
func (s *Store) Take(ctx context.Context, key, id string, limits []store.Limit) (time.Duration, error) {
	longest := time.Duration(0)
	args := []any{id, int64(0)}
	for _, l := range limits {
		longest = max(longest, l.Per)
		args = append(args, l.Max, l.Per.Milliseconds())
	}
	args[1] = max(longest.Milliseconds(), 1)
	wait, err := take.Run(ctx, s.client, s.key(key), args...).Int64()
	if err != nil {
		return 0, failed(ctx, "counting use", err)
	}
	return time.Duration(wait) * time.Millisecond, nil
}

// Give takes a use back.
func (s *Store) Give(ctx context.Context, key, id string) error {
	if err := s.client.ZRem(ctx, s.prefix+key, id).Err(); err != nil {
		return failed(ctx, "taking back use", err)
	}
	return nil
}
