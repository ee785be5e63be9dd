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

// Take notes a use. Each use is one entry under the key of the limit: when it was, and when it stops to count.
func (s *Store) Take(ctx context.Context, key, id string, limits []store.Limit) (wait time.Duration, err error) {
	err = s.update(ctx, "counting use", func(tx *bbolt.Tx) error {
		b, now := tx.Bucket(limitBucket), s.now()
		uses, noted := usesOf(b, key, id, now)
		if noted {
			return nil
		}
		for _, l := range limits {
			wait = max(wait, room(uses, l, now))
		}
		if wait > 0 {
			return nil
		}
		at := binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli()))
		return b.Put(useKey(key, id), withExpiry(at, now.Add(longest(limits))))
	})
	return wait, err
}

// Give takes a use back.
func (s *Store) Give(ctx context.Context, key, id string) error {
	return s.update(ctx, "taking back use", func(tx *bbolt.Tx) error {
		return tx.Bucket(limitBucket).Delete(useKey(key, id))
	})
}

func useKey(key, id string) []byte { return []byte(key + "\x00" + id) }

// usesOf lists when the uses under key were, in the order of time, and whether id is among them.
func usesOf(b *bbolt.Bucket, key, id string, now time.Time) (uses []time.Time, noted bool) {
	prefix := useKey(key, "")
	c := b.Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		at := live(v, now)
		if len(at) != 8 {
			continue
		}
		uses = append(uses, time.UnixMilli(int64(binary.BigEndian.Uint64(at))))
		noted = noted || string(k[len(prefix):]) == id
	}
	slices.SortFunc(uses, time.Time.Compare)
	return uses, noted
}

// room is how long until the limit has room for one more use.
func room(uses []time.Time, l store.Limit, now time.Time) time.Duration {
	inside := slices.DeleteFunc(slices.Clone(uses), func(at time.Time) bool { return !at.Add(l.Per).After(now) })
	if len(inside) < l.Max {
		return 0
	}
	return inside[len(inside)-l.Max].Add(l.Per).Sub(now)
}

func longest(limits []store.Limit) time.Duration {
	var d time.Duration
	for _, l := range limits {
		d = max(d, l.Per)
	}
	return d
}
