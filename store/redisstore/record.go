package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Get reads a record, see store.Store.
func (s *Store) Get(ctx context.Context, key string) (store.Record, error) {
	const doing = "reading record"
	cmd, err := s.look(ctx, get, key)
	if err != nil {
		return store.Record{}, failed(ctx, doing, err)
	}
	answer, _ := cmd.Val().([]any)
	if len(answer) != 2 {
		return store.Record{}, oddAnswer(doing)
	}
	now, ok := answer[0].(int64)
	if !ok {
		return store.Record{}, oddAnswer(doing)
	}
	r := store.Record{Now: time.UnixMicro(now).UTC()}
	if data, ok := answer[1].(string); ok {
		r.Data = []byte(data)
	}
	return r, nil
}

// Swap replaces a record, see store.Store.
func (s *Store) Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error) {
	const doing = "writing record"
	cmd, err := s.write(ctx, swap, key, flag(old != nil), old, flag(next != nil), next, moment(expires))
	if err != nil {
		return false, failed(ctx, doing, err)
	}
	n, ok := cmd.Val().(int64)
	if !ok {
		return false, oddAnswer(doing)
	}
	return n == 1, nil
}

// moment is when a record expires, as the scripts read it: "" is never.
func moment(expires time.Time) string {
	if expires.IsZero() {
		return ""
	}
	return strconv.FormatInt(expires.UnixMilli(), 10)
}

// flag is a truth value as the scripts read it.
func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// oddAnswer is the fault of a server that speaks the protocol of Redis and answers a script in another form than
// Redis.
func oddAnswer(doing string) error {
	return fmt.Errorf("%s: %w: Redis gave an odd answer", doing, store.ErrUnavailable)
}
