package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
)

// timeSize is the size in bytes of the value of a use: when the use was, in milliseconds since 1970.
const timeSize = 8

// use is one use that was noted under a key.
type use struct {
	id     string
	at     time.Time
	window time.Duration // how long the use is remembered
}

// Take notes a use, see store.Store. The use is remembered for the longest window that any call named for its key, so
// that a call with a shorter window makes the store forget nothing.
func (s *Store) Take(ctx context.Context, key, id string, limits []store.Limit) (time.Duration, error) {
	var wait time.Duration
	err := s.write(ctx, "counting use", func(tx *bbolt.Tx) error {
		b, now := tx.Bucket(limitBucket), s.now()
		uses, err := usesOf(b, key, now)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(uses, func(u use) bool { return u.id == id }) {
			return errUnchanged
		}
		moved, err := leaveFuture(b, key, uses, now)
		if err != nil {
			return err
		}
		if wait = room(uses, limits, now); wait == 0 {
			return putUse(b, key, use{id, now, longest(uses, limits)})
		}
		if moved {
			return nil
		}
		return errUnchanged
	})
	if err != nil {
		return 0, err
	}
	return wait, nil
}

// leaveFuture moves the uses that lie in the future to now: the clock was ahead when they were noted, and was put
// right since. It reports whether there were any. The uses stay in their order.
func leaveFuture(b *bbolt.Bucket, key string, uses []use, now time.Time) (moved bool, err error) {
	for i := range uses {
		if u := &uses[i]; u.at.After(now) {
			u.at, moved = now, true
			if err := putUse(b, key, *u); err != nil {
				return moved, err
			}
		}
	}
	return moved, nil
}

func putUse(b *bbolt.Bucket, key string, u use) error {
	at := binary.BigEndian.AppendUint64(nil, uint64(u.at.UnixMilli()))
	return b.Put(useKey(key, u.id), withExpiry(at, u.at.Add(u.window)))
}

// Give removes a use, see store.Store.
func (s *Store) Give(ctx context.Context, key, id string) error {
	return s.write(ctx, "taking back use", func(tx *bbolt.Tx) error {
		b := tx.Bucket(limitBucket)
		if b.Get(useKey(key, id)) == nil {
			return errUnchanged
		}
		return b.Delete(useKey(key, id))
	})
}

// Clear removes all uses under a key, see store.Store.
func (s *Store) Clear(ctx context.Context, key string) error {
	return s.write(ctx, "lifting limit", func(tx *bbolt.Tx) error {
		c := tx.Bucket(limitBucket).Cursor()
		prefix, changed := useKey(key, ""), errUnchanged
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Seek(prefix) {
			if err := c.Delete(); err != nil {
				return err
			}
			changed = nil
		}
		return changed
	})
}

// useKey is the key in the bucket of limits for a use: the length of the key, the key, and the name of the use.
// Because of the length, two different pairs of key and name never give the same useKey.
func useKey(key, id string) []byte {
	return slices.Concat(binary.AppendUvarint(nil, uint64(len(key))), []byte(key), []byte(id))
}

// usesOf lists the uses under key that have not expired, the oldest first.
func usesOf(b *bbolt.Bucket, key string, now time.Time) ([]use, error) {
	var uses []use
	prefix := useKey(key, "")
	c := b.Cursor()
	for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
		data, err := live(v, now)
		if err != nil {
			return nil, err
		}
		if data == nil {
			continue
		}
		if len(data) != timeSize {
			return nil, errDamaged
		}
		at := time.UnixMilli(int64(binary.BigEndian.Uint64(data)))
		uses = append(uses, use{id: string(k[len(prefix):]), at: at, window: expiry(v).Sub(at)})
	}
	slices.SortFunc(uses, func(a, b use) int { return a.at.Compare(b.at) })
	return uses, nil
}

// room is how long it takes until every limit allows one more use, zero when all allow it now.
func room(uses []use, limits []store.Limit, now time.Time) (wait time.Duration) {
	for _, l := range limits {
		wait = max(wait, roomIn(uses, l, now))
	}
	return wait
}

// roomIn is how long it takes until one limit allows one more use.
func roomIn(uses []use, l store.Limit, now time.Time) time.Duration {
	if l.Max < 1 {
		return max(l.Per, time.Millisecond)
	}
	if len(uses) < l.Max {
		return 0
	}
	last := uses[len(uses)-l.Max] // once this use has left the window, Max-1 uses are inside
	return max(last.at.Add(l.Per).Sub(now), 0)
}

// longest is the longest window of the limits and of the uses that are remembered.
func longest(uses []use, limits []store.Limit) time.Duration {
	var d time.Duration
	for _, l := range limits {
		d = max(d, l.Per)
	}
	for _, u := range uses {
		d = max(d, u.window)
	}
	return d
}
