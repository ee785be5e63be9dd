package redisstore

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sms-2fa/gateway/store"
)

const (
	// logKey is the name of the stream that holds the log, behind KeyPrefix.
	logKey = "log"

	// sweepBatch is how many entries one call of Append looks at, to remove those that are over.
	sweepBatch = 128
)

// sweep is where in the log the next call of Append looks for entries that are over. Each call looks at the next
// sweepBatch entries, and begins again behind the last one, so an entry goes wherever it stands.
type sweep struct {
	mu   sync.Mutex
	from string
}

func (w *sweep) next() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return cmp.Or(w.from, "-")
}

func (w *sweep) goOn(from string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from = from
}

// Append adds an entry to the log, see store.Store.
func (s *Store) Append(ctx context.Context, entry []byte, until time.Time, replaced ...string) (string, error) {
	const doing = "appending to log"
	args := []any{entry, until.UnixMilli(), s.sweep.next(), sweepBatch}
	for _, position := range replaced {
		args = append(args, position)
	}
	cmd, err := s.write(ctx, add, logKey, args...)
	if err != nil {
		return "", failed(ctx, doing, err)
	}
	answer, err := cmd.StringSlice()
	if err != nil || len(answer) != 2 {
		return "", oddAnswer(doing)
	}
	s.sweep.goOn(answer[1])
	return answer[0], nil
}

// Holds reports whether an entry is in the log, see store.Store.
func (s *Store) Holds(ctx context.Context, position string) (bool, error) {
	cmd, err := s.look(ctx, holds, logKey, position)
	if err != nil {
		return false, failed(ctx, "looking for entry of log", err)
	}
	n, ok := cmd.Val().(int64)
	if !ok {
		return false, oddAnswer("looking for entry of log")
	}
	return n == 1, nil
}

// Follow reads the log, see store.Store. Cursors and positions are IDs of entries in the stream. Redis has no way to
// end a blocking read early, so when ctx ends the read goes on on its connection for the rest of wait, and its answer
// is thrown away.
func (s *Store) Follow(ctx context.Context, cursor string, wait time.Duration) ([][]byte, string, error) {
	wait = max(wait, 0)
	bounded, cancel := context.WithTimeout(ctx, wait+s.timeout)
	defer cancel()
	streams, err := twice(bounded, s.network, wait+s.timeout/patience,
		func(ctx context.Context, again bool) ([]redis.XStream, error) {
			if again { // the wait is over
				return s.readLog(ctx, cursor, 0)
			}
			return s.readLog(ctx, cursor, wait)
		})
	if err != nil {
		return nil, cursor, failed(ctx, "following log", err)
	}
	entries, next := read(streams, cursor)
	return entries, next, nil
}

// readLog asks Redis for the entries behind cursor, and waits up to wait for the first.
func (s *Store) readLog(ctx context.Context, cursor string, wait time.Duration) ([]redis.XStream, error) {
	if cursor == "" {
		cursor = "0-0"
	}
	block := wait.Truncate(time.Millisecond)
	if block <= 0 {
		block = -1 // Redis blocks for ever at 0; a negative number tells the client library not to block
	}
	streams, err := s.client.XRead(ctx, &redis.XReadArgs{
		Streams: []string{s.prefix + logKey, cursor}, Count: store.MaxPortion, Block: block,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	s.lookAround(err)
	return streams, err
}

// read is the entries of an answer and the cursor behind them.
func read(streams []redis.XStream, cursor string) (entries [][]byte, next string) {
	for _, stream := range streams {
		for _, m := range stream.Messages {
			cursor = m.ID
			if entry, ok := m.Values["e"].(string); ok {
				entries = append(entries, []byte(entry))
			}
		}
	}
	return entries, cursor
}
