package boltstore

import (
	"bytes"
	"context"
	"time"

	"go.etcd.io/bbolt"
)

// The janitor looks at a few keys at a time and rests in between, so that no write of a visitor waits long for its
// turn.
const (
	sweepEvery = time.Second           // rest between two passes through the file
	sweepRest  = 20 * time.Millisecond // rest between two batches of a pass
	sweepBatch = 500                   // keys in one batch
)

// sweepRegularly removes expired values, pass after pass, until the store is closed.
func (s *Store) sweepRegularly() {
	for s.rest(sweepEvery) {
		for _, bucket := range buckets {
			s.sweepAll(bucket)
		}
	}
}

// rest waits for d, and reports false if the store was closed before d was over.
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

// sweepAll makes one pass through a bucket.
func (s *Store) sweepAll(bucket []byte) {
	from := s.sweep(bucket, nil)
	for from != nil && s.rest(sweepRest) {
		from = s.sweep(bucket, from)
	}
}

// sweep looks at sweepBatch keys of a bucket, the first at from or behind, removes those that have expired, and
// returns the key at which the next batch begins, or nil at the end of the bucket. A fault is left for the call that
// needs the key, which reports it.
func (s *Store) sweep(bucket, from []byte) (next []byte) {
	const doing = "removing what has expired"
	var expired [][]byte
	err := s.read(context.Background(), doing, func(tx *bbolt.Tx) error {
		expired, next = batch(tx.Bucket(bucket), from, s.now())
		return nil
	})
	if err != nil {
		return nil
	}
	if len(expired) == 0 {
		return next
	}
	_ = s.write(context.Background(), doing, func(tx *bbolt.Tx) error {
		return remove(tx.Bucket(bucket), expired, s.now())
	})
	return next
}

// batch lists the expired keys of one batch that begins at from, and the key at which the next batch begins, nil at
// the end.
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

// remove removes the keys whose values are still expired; a key may have been written since batch read it.
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

// isOver reports whether a value has expired. A value that cannot be read has not.
func isOver(value []byte, now time.Time) bool {
	data, err := live(value, now)
	return err == nil && data == nil
}
