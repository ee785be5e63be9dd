package boltstore

import (
	"bytes"
	"context"
	"time"

	"go.etcd.io/bbolt"
)

// How the janitor works: a few entries at a time with a rest in between, so that no guess waits long for its turn.
const (
	sweepEvery = time.Second           // between two passes
	sweepRest  = 20 * time.Millisecond // between two batches of a pass
	sweepBatch = 500                   // entries looked at in one batch
)

// sweepRegularly removes what has expired until the store is closed.
func (s *Store) sweepRegularly() {
	for s.rest(sweepEvery) {
		for _, bucket := range buckets {
			s.sweepAll(bucket)
		}
	}
}

// rest reports false when the store was closed meanwhile.
func (s *Store) rest(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.stop:
		return false
	}
}

func (s *Store) sweepAll(bucket []byte) {
	from := s.sweep(bucket, nil)
	for from != nil && s.rest(sweepRest) {
		from = s.sweep(bucket, from)
	}
}

// sweep looks at sweepBatch keys of a bucket, the first at from or behind, removes those that have expired, and returns the
// key at which the next batch begins, or nil at the end of the bucket. A fault is left for the call that needs the key, which
// reports it.
func (s *Store) sweep(bucket, from []byte) (next []byte) {
	const doing = "removing what has expired"
	var expired [][]byte
	err := s.read(context.Background(), doing, func(tx *bbolt.Tx) error {
		expired, next = batch(tx.Bucket(bucket), from, s.now())
		return nil
	})
	if err != nil || len(expired) == 0 {
		return next
	}
	_ = s.write(context.Background(), doing, func(tx *bbolt.Tx) error {
		return remove(tx.Bucket(bucket), expired, s.now())
	})
	return next
}

// batch lists the expired keys among the next few, and where the batch after it begins.
func batch(b *bbolt.Bucket, from []byte, now time.Time) (expired [][]byte, next []byte) {
	c := b.Cursor()
	k, v := c.Seek(from)
	for range sweepBatch {
		if k == nil {
			return expired, nil
		}
		if isOver(v, now) {
			expired = append(expired, bytes.Clone(k))
		}
		k, v = c.Next()
	}
	return expired, bytes.Clone(k)
}

// remove removes those of the keys that were not written again meanwhile.
func remove(b *bbolt.Bucket, keys [][]byte, now time.Time) error {
	for _, k := range keys {
		if !isOver(b.Get(k), now) {
			continue
		}
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

func isOver(value []byte, now time.Time) bool {
	data, err := live(value, now)
	return err == nil && data == nil
}
