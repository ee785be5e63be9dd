package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// logKey is the name of the stream that holds the log, behind KeyPrefix.
	logKey = "log"

	// followBatch is how many entries one call of Follow returns at most.
	followBatch = 1000
)

// Append adds an entry to the log, see store.Store.
func (s *Store) Append(ctx context.Context, entry []byte, until time.Time) error {
	if _, err := s.run(ctx, add, logKey, entry, until.UnixMilli()); err != nil {
		return failed(ctx, "appending to log", err)
	}
	return nil
}

// news is the answer of Redis to the question for new entries.
type news struct {
	streams []redis.XStream
	err     error
}

// Follow reads the log, see store.Store. A cursor is the ID of an entry in the stream. Redis has no way to end a
// blocking read early, so when ctx ends the read goes on on its connection for the rest of wait, and its answer is
// thrown away.
func (s *Store) Follow(ctx context.Context, cursor string, wait time.Duration) ([][]byte, string, error) {
	told := make(chan news, 1)
	go func() { told <- s.ask(ctx, cursor, wait) }()
	select {
	case n := <-told:
		if n.err != nil {
			return nil, cursor, failed(ctx, "following log", n.err)
		}
		entries, next := read(n.streams, cursor)
		return entries, next, nil
	case <-ctx.Done():
		return nil, cursor, failed(ctx, "following log", ctx.Err())
	}
}

// ask asks Redis for the entries behind cursor, and waits up to wait for the first.
func (s *Store) ask(ctx context.Context, cursor string, wait time.Duration) news {
	if cursor == "" {
		cursor = "0-0"
	}
	block := wait.Truncate(time.Millisecond)
	if block <= 0 {
		block = -1 // Redis blocks for ever at 0; a negative number tells the client library not to block
	}
	ctx, cancel := context.WithTimeout(ctx, max(wait, 0)+s.timeout)
	defer cancel()
	streams, err := s.client.XRead(ctx, &redis.XReadArgs{
		Streams: []string{s.prefix + logKey, cursor}, Count: followBatch, Block: block,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return news{}
	}
	return news{streams, err}
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
