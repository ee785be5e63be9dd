package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
)

// followBatch is how many entries one call of Follow returns at most.
const followBatch = 1000

// news wakes the calls of Follow that wait for the next entry. Only this process can write to the file, so no other
// process has to be woken.
type news struct {
	mu sync.Mutex
	c  chan struct{} // closed at the next entry
}

// wait returns a channel that is closed at the next entry.
func (n *news) wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.c
}

// announce wakes all calls that wait.
func (n *news) announce() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.c)
	n.c = make(chan struct{})
}

// Append adds an entry to the log, see store.Store.
func (s *Store) Append(ctx context.Context, entry []byte, until time.Time) error {
	err := s.write(ctx, "appending to log", func(tx *bbolt.Tx) error {
		b := tx.Bucket(logBucket)
		n, err := b.NextSequence()
		if err != nil {
			return err
		}
		return b.Put(entryKey(n), withExpiry(entry, until))
	})
	if err == nil {
		s.news.announce()
	}
	return err
}

// entryKey is the key of the entry with a sequence number: big endian, so that the keys stand in the order of
// appending.
func entryKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// Follow reads the log, see store.Store. A cursor is the sequence number of an entry, in decimal digits.
func (s *Store) Follow(ctx context.Context, cursor string, wait time.Duration) ([][]byte, string, error) {
	const doing = "following log"
	last, err := position(cursor)
	if err != nil {
		return nil, cursor, failed(doing, err)
	}
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for {
		changed := s.news.wait() // taken before reading, so that an entry appended after the read still closes it
		entries, next, err := s.after(ctx, last)
		if err != nil {
			return nil, cursor, err
		}
		if len(entries) > 0 {
			return entries, strconv.FormatUint(next, 10), nil
		}
		select {
		case <-changed:
		case <-deadline.C:
			return nil, cursor, nil
		case <-ctx.Done():
			return nil, cursor, failed(doing, gaveUp(ctx))
		case <-s.stop:
			return nil, cursor, failed(doing, errClosed)
		}
	}
}

// position is the sequence number in a cursor, 0 for the empty cursor.
func position(cursor string) (uint64, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(cursor, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: the cursor is not ours", store.ErrRefused)
	}
	return n, nil
}

// after reads the entries behind the sequence number last, and returns the sequence number of the last entry it read.
func (s *Store) after(ctx context.Context, last uint64) (entries [][]byte, next uint64, err error) {
	err = s.read(ctx, "following log", func(tx *bbolt.Tx) error {
		c, now := tx.Bucket(logBucket).Cursor(), s.now()
		for k, v := c.Seek(entryKey(last + 1)); k != nil && len(entries) < followBatch; k, v = c.Next() {
			if len(k) != len(entryKey(0)) {
				return errDamaged
			}
			data, err := live(v, now)
			if err != nil {
				return err
			}
			if data != nil {
				entries, next = append(entries, bytes.Clone(data)), binary.BigEndian.Uint64(k)
			}
		}
		return nil
	})
	return entries, next, err
}
