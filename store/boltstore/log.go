package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"strconv"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
)

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

// Append adds an entry to the log, see store.Store. The janitor removes what is over.
func (s *Store) Append(ctx context.Context, entry []byte, until time.Time, replaced ...string) (string, error) {
	const doing = "appending to log"
	remove, err := positions(replaced)
	if err != nil {
		return "", failed(doing, err)
	}
	var n uint64
	err = s.write(ctx, doing, func(tx *bbolt.Tx) (err error) {
		b := tx.Bucket(logBucket)
		for _, old := range remove {
			if err := b.Delete(entryKey(old)); err != nil {
				return err
			}
		}
		if n, err = b.NextSequence(); err != nil {
			return err
		}
		return b.Put(entryKey(n), withExpiry(entry, until))
	})
	if err != nil {
		return "", err
	}
	s.news.announce()
	return strconv.FormatUint(n, 10), nil
}

// Holds reports whether an entry is in the log, see store.Store.
func (s *Store) Holds(ctx context.Context, position string) (bool, error) {
	const doing = "looking for entry of log"
	n, err := number(position)
	if err != nil {
		return false, failed(doing, err)
	}
	held := false
	err = s.read(ctx, doing, func(tx *bbolt.Tx) error {
		data, err := live(tx.Bucket(logBucket).Get(entryKey(n)), s.now())
		held = data != nil
		return err
	})
	if err != nil {
		return false, err
	}
	return held, nil
}

// entryKey is the key of the entry with a sequence number: big endian, so that the keys stand in the order of
// appending.
func entryKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// Follow reads the log, see store.Store. Cursors and positions are sequence
// numbers of entries, in decimal digits.
func (s *Store) Follow(ctx context.Context, cursor string, wait time.Duration) ([][]byte, string, error) {
	const doing = "following log"
	last, err := number(cursor)
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

// number is the sequence number in a cursor or position, 0 for the empty cursor.
func number(cursor string) (uint64, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(cursor, 10, 64)
	if err != nil {
		return 0, errCursor
	}
	return n, nil
}

// positions are the sequence numbers in positions.
func positions(replaced []string) ([]uint64, error) {
	var all []uint64
	for _, p := range replaced {
		n, err := number(p)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// after reads the entries behind the sequence number last, and returns the sequence number of the last entry it read.
func (s *Store) after(ctx context.Context, last uint64) (entries [][]byte, next uint64, err error) {
	err = s.read(ctx, "following log", func(tx *bbolt.Tx) error {
		c, now := tx.Bucket(logBucket).Cursor(), s.now()
		for k, v := c.Seek(entryKey(last + 1)); k != nil && len(entries) < store.MaxPortion; k, v = c.Next() {
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
	if err != nil {
		return nil, 0, err
	}
	return entries, next, nil
}
