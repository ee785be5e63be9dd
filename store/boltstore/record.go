package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
)

// expirySize is the size of what stands before every value: when it expires, in milliseconds since 1970.
const expirySize = 8

func withExpiry(data []byte, expires time.Time) []byte {
	b := make([]byte, expirySize, expirySize+len(data))
	binary.BigEndian.PutUint64(b, uint64(max(expires.UnixMilli(), 0)))
	return append(b, data...)
}

// live is the data of a value that has not expired, nil otherwise. A value that is too short was never ours.
func live(value []byte, now time.Time) []byte {
	if len(value) < expirySize || int64(binary.BigEndian.Uint64(value)) <= now.UnixMilli() {
		return nil
	}
	return value[expirySize:]
}

// Get reads a record.
func (s *Store) Get(ctx context.Context, key string) (store.Record, error) {
	r := store.Record{Now: s.now()}
	err := s.view(ctx, "reading record", func(tx *bbolt.Tx) error {
		r.Data = bytes.Clone(live(tx.Bucket(records).Get([]byte(key)), r.Now))
		return nil
	})
	return r, err
}

// Swap replaces a record.
func (s *Store) Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (swapped bool, err error) {
	err = s.update(ctx, "writing record", func(tx *bbolt.Tx) error {
		b, now := tx.Bucket(records), s.now()
		current := live(b.Get([]byte(key)), now)
		if (current == nil) != (old == nil) || !bytes.Equal(current, old) {
			return nil
		}
		swapped = true
		if next == nil || !expires.After(now) {
			return b.Delete([]byte(key))
		}
		return b.Put([]byte(key), withExpiry(next, expires))
	})
	return swapped && err == nil, err
}
