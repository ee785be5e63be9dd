package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// Reader reads what other programs keep in Redis: fields of hashes and strings. Options.KeyPrefix stands before its
// keys too. An ACL user needs no more than ~<key> +hget +get.
type Reader struct{ store *Store }

// NewReader returns a reader. The first call connects to Redis.
func NewReader(o Options) *Reader { return &Reader{New(o)} }

// Close closes all connections.
func (r *Reader) Close() error { return r.store.Close() }

// Field reads a field of a hash. found is false if there is no such hash or field. An error is store.ErrUnavailable or
// store.ErrRefused, as those of a Store.
func (r *Reader) Field(ctx context.Context, hash, field string) (value string, found bool, err error) {
	return r.read(ctx, "hget", r.store.prefix+hash, field)
}

// Value reads a string, like Field.
func (r *Reader) Value(ctx context.Context, key string) (value string, found bool, err error) {
	return r.read(ctx, "get", r.store.prefix+key)
}

// read sends a command that changes nothing. When its connection breaks or keeps silent, read sends it once more.
func (r *Reader) read(ctx context.Context, args ...any) (string, bool, error) {
	bounded, cancel := context.WithTimeout(ctx, r.store.timeout)
	defer cancel()
	ask := func(ctx context.Context, _ bool) (*redis.Cmd, error) { return r.store.send(ctx, args...) }
	cmd, err := twice(bounded, r.store.network, r.store.timeout/patience, ask)
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	if err != nil {
		return "", false, failed(ctx, "reading", err)
	}
	value, err := cmd.Text()
	if err != nil {
		return "", false, oddAnswer("reading")
	}
	return value, true, nil
}
