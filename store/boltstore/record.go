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

// live is the data of a value, and nil when there is none or it has expired. A value that cannot be read is a fault: to
// take it for none would forget what was counted.
func live(value []byte, now time.Time) ([]byte, error) {
	switch {
	case value == nil:
		return nil, nil
	case len(value) < expirySize:
		return nil, errDamaged
	case !expiry(value).After(now):
		return nil, nil
	}
	return value[expirySize:], nil
}

func expiry(value []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(value)))
}

// Get reads a record.
func (s *Store) Get(ctx context.Context, key string) (store.Record, error) {
	r := store.Record{Now: s.now()}
	err := s.read(ctx, "reading record", func(tx *bbolt.Tx) error {
		data, err := live(tx.Bucket(recordBucket).Get([]byte(key)), r.Now)
		r.Data = bytes.Clone(data)
		return err
	})
	if err != nil {
		return store.Record{}, err
	}
	return r, nil
}

// Swap replaces a record. One that will lose is told so before it waits for its turn to write.
func (s *Store) Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error) {
	const doing = "writing record"
	swapped := false
	err := s.read(ctx, doing, func(tx *bbolt.Tx) (err error) {
		swapped, err = s.is(tx, key, old)
		return err
	})
	if err != nil || !swapped {
		return false, err
	}
	err = s.write(ctx, doing, func(tx *bbolt.Tx) (err error) {
		if swapped, err = s.is(tx, key, old); err != nil {
			return err
		}
		if !swapped {
			return errUnchanged
		}
		return s.put(tx, key, next, expires)
	})
	if err != nil {
		return false, err
	}
	return swapped, nil
}

// is reports whether the record under key is what the caller saw.
func (s *Store) is(tx *bbolt.Tx, key string, old []byte) (bool, error) {
	current, err := live(tx.Bucket(recordBucket).Get([]byte(key)), s.now())
	return (current == nil) == (old == nil) && bytes.Equal(current, old), err
}

func (s *Store) put(tx *bbolt.Tx, key string, next []byte, expires time.Time) error {
	b := tx.Bucket(recordBucket)
	if next == nil || !expires.After(s.now()) {
		return b.Delete([]byte(key))
	}
	return b.Put([]byte(key), withExpiry(next, expires))
}
