package boltstore

import (
	"bytes"
	"time"

	"go.etcd.io/bbolt"
)

// How the janitor works: a few at a time, so that no guess waits long for its lock.
const (
	sweepEvery = time.Second
	sweepBatch = 500 // entries looked at in one transaction
)

// sweepRegularly removes what has expired until the store is closed.
func (s *Store) sweepRegularly() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	places := make(map[string][]byte)
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		for _, bucket := range [][]byte{records, limitBucket, logBucket} {
			places[string(bucket)] = s.sweep(bucket, places[string(bucket)])
		}
	}
}

// sweep looks at some entries from a place on, removes the expired ones, and returns the place to go on from, nil at the
// end. It writes only when there is something to remove.
func (s *Store) sweep(bucket, from []byte) (next []byte) {
	var expired [][]byte
	now := s.now()
	err := s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucket).Cursor()
		k, v := c.Seek(from)
		for n := 0; k != nil; k, v = c.Next() {
			if n++; n > sweepBatch {
				next = bytes.Clone(k)
				return nil
			}
			if live(v, now) == nil {
				expired = append(expired, bytes.Clone(k))
			}
		}
		return nil
	})
	if err != nil || len(expired) == 0 {
		return next
	}
	_ = s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		for _, k := range expired {
			if live(b.Get(k), now) != nil {
				continue // written again meanwhile
			}
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
	return next
}
