package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
)

// expirySize is the size in bytes of the number before every value: when the value expires, in milliseconds since
// 1970.
const expirySize = 8

// endless is the expiry of a value that is kept without end.
const endless = math.MaxInt64

// withExpiry is a value that expires; with a zero expires it is kept without end.
func withExpiry(data []byte, expires time.Time) []byte {
	b := make([]byte, expirySize, expirySize+len(data))
	at := uint64(endless)
	if !expires.IsZero() {
		at = uint64(max(expires.UnixMilli(), 0))
	}
	binary.BigEndian.PutUint64(b, at)
	return append(b, data...)
}

// live is the data of a value without its expiry, and nil when there is no value or it has expired. A value that
// cannot be read is an error: to take it for none would forget the guesses or uses that were counted.
func live(value []byte, now time.Time) ([]byte, error) {
	switch {
	case value == nil:
		return nil, nil
	case len(value) < expirySize:
		return nil, errDamaged
	case !isEndless(value) && !expiry(value).After(now):
		return nil, nil
	}
	return value[expirySize:], nil
}

func expiry(value []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(value)))
}

func isEndless(value []byte) bool { return binary.BigEndian.Uint64(value) == endless }

// Get reads a record, see store.Store.
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

// Swap replaces a record, see store.Store. A swap of a record that has changed is refused after a read, without
// waiting for a turn to write.
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

// is reports whether the record under key is old, as the caller last saw it.
func (s *Store) is(tx *bbolt.Tx, key string, old []byte) (bool, error) {
	current, err := live(tx.Bucket(recordBucket).Get([]byte(key)), s.now())
	return (current == nil) == (old == nil) && bytes.Equal(current, old), err
}

// put writes the record, or removes it when next is nil or expires has passed.
func (s *Store) put(tx *bbolt.Tx, key string, next []byte, expires time.Time) error {
	b := tx.Bucket(recordBucket)
	if next == nil || !expires.IsZero() && !expires.After(s.now()) {
		return b.Delete([]byte(key))
	}
	return b.Put([]byte(key), withExpiry(next, expires))
}
