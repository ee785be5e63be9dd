package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Get reads a record.
func (s *Store) Get(ctx context.Context, key string) (store.Record, error) {
	answer, err := get.Run(ctx, s.client, s.key(key)).Slice()
	if err != nil {
		return store.Record{}, failed(ctx, "reading record", err)
	}
	return readAnswer(answer)
}

func readAnswer(answer []any) (store.Record, error) {
	if len(answer) < 2 {
		return store.Record{}, fmt.Errorf("reading record: %w: Redis gave an odd answer", store.ErrRefused)
	}
	sec, err1 := strconv.ParseInt(fmt.Sprint(answer[0]), 10, 64)
	usec, err2 := strconv.ParseInt(fmt.Sprint(answer[1]), 10, 64)
	if err1 != nil || err2 != nil {
		return store.Record{}, fmt.Errorf("reading record: %w: Redis gave an odd time", store.ErrRefused)
	}
	r := store.Record{Now: time.Unix(sec, usec*1000).UTC()}
	if len(answer) > 2 {
		if data, ok := answer[2].(string); ok {
			r.Data = []byte(data)
		}
	}
	return r, nil
}

// Swap replaces a record.
func (s *Store) Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error) {
	n, err := swap.Run(ctx, s.client, s.key(key), flag(old != nil), old, flag(next != nil), next, expires.UnixMilli()).Int()
	if err != nil {
		return false, failed(ctx, "writing record", err)
	}
	return n == 1, nil
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
