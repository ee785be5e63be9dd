package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// logKey is the name of the log.
const logKey = "log"

// maxAge is the age at which an entry of the log is trimmed: more than any session lives.
const maxAge = 100 * 24 * time.Hour

// Append adds an entry to the log.
func (s *Store) Append(ctx context.Context, entry []byte, until time.Time) error {
	err := add.Run(ctx, s.client, s.key(logKey), entry, until.UnixMilli(), maxAge.Milliseconds()).Err()
	if err != nil {
		return failed(ctx, "appending to log", err)
	}
	return nil
}

// Follow reads the log. A cursor is the ID of an entry in the stream.
func (s *Store) Follow(ctx context.Context, cursor string, wait time.Duration) ([][]byte, string, error) {
	from := cursor
	if from == "" {
		from = "0-0"
	}
	streams, err := s.client.XRead(ctx, &redis.XReadArgs{
		Streams: []string{s.prefix + logKey, from}, Block: max(wait.Truncate(time.Millisecond), time.Millisecond),
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, cursor, nil
	}
	if err != nil {
		return nil, cursor, failed(ctx, "following log", err)
	}
	var entries [][]byte
	for _, stream := range streams {
		for _, m := range stream.Messages {
			cursor = m.ID
			entry, _ := m.Values["e"].(string)
			entries = append(entries, []byte(entry))
		}
	}
	return entries, cursor, nil
}
