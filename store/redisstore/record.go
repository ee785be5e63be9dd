package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Get reads a record.
func (s *Store) Get(ctx context.Context, key string) (store.Record, error) {
	const doing = "reading record"
	cmd, err := s.run(ctx, get, key)
	if err != nil {
		return store.Record{}, failed(ctx, doing, err)
	}
	answer, _ := cmd.Val().([]any)
	if len(answer) != 2 {
		return store.Record{}, odd(doing)
	}
	now, ok := answer[0].(int64)
	if !ok {
		return store.Record{}, odd(doing)
	}
	r := store.Record{Now: time.UnixMicro(now).UTC()}
	if data, ok := answer[1].(string); ok {
		r.Data = []byte(data)
	}
	return r, nil
}

// Swap replaces a record.
func (s *Store) Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error) {
	const doing = "writing record"
	cmd, err := s.run(ctx, swap, key, flag(old != nil), old, flag(next != nil), next, expires.UnixMilli())
	if err != nil {
		return false, failed(ctx, doing, err)
	}
	n, ok := cmd.Val().(int64)
	if !ok {
		return false, odd(doing)
	}
	return n == 1, nil
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// odd is the fault of something that speaks Redis' protocol but is not Redis.
func odd(doing string) error {
	return fmt.Errorf("%s: %w: Redis gave an odd answer", doing, store.ErrUnavailable)
}
