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

// timeSize is the size of the value of a use: when it was, in milliseconds since 1970.
const timeSize = 8

// use is one use of a limit. window is how long it is remembered.
type use struct {
	id     string
	at     time.Time
	window time.Duration
}

// Take notes a use. It is remembered for the longest window that the key was asked for, so that a caller with a shorter
// one makes it forget nothing.
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
		if wait = room(uses, limits, now); wait > 0 {
			return errUnchanged
		}
		at := binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli()))
		return b.Put(useKey(key, id), withExpiry(at, now.Add(longest(uses, limits))))
	})
	if err != nil {
		return 0, err
	}
	return wait, nil
}

// Give takes a use back.
func (s *Store) Give(ctx context.Context, key, id string) error {
	return s.write(ctx, "taking back use", func(tx *bbolt.Tx) error {
		b := tx.Bucket(limitBucket)
		if b.Get(useKey(key, id)) == nil {
			return errUnchanged
		}
		return b.Delete(useKey(key, id))
	})
}

// useKey names a use. The key of the limit stands with its length, so that no two pairs run together.
func useKey(key, id string) []byte {
	return slices.Concat(binary.AppendUvarint(nil, uint64(len(key))), []byte(key), []byte(id))
}

// usesOf lists the uses under key that are remembered, the oldest first.
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

// room is how long until every limit has room for one more use.
func room(uses []use, limits []store.Limit, now time.Time) (wait time.Duration) {
	for _, l := range limits {
		wait = max(wait, roomIn(uses, l, now))
	}
	return wait
}

func roomIn(uses []use, l store.Limit, now time.Time) time.Duration {
	if l.Max < 1 {
		return max(l.Per, time.Millisecond)
	}
	if len(uses) < l.Max {
		return 0
	}
	last := uses[len(uses)-l.Max] // when it has left the window, one fewer than Max are inside
	return max(last.at.Add(l.Per).Sub(now), 0)
}

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
