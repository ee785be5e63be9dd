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

// news wakes who waits for the next entry. Only this process can write to the file, so nobody else need be told.
type news struct {
	mu sync.Mutex
	c  chan struct{}
}

func (n *news) wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.c
}

func (n *news) announce() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.c)
	n.c = make(chan struct{})
}

// Append adds an entry to the log.
func (s *Store) Append(ctx context.Context, entry []byte, until time.Time) error {
	err := s.update(ctx, "appending to log", func(tx *bbolt.Tx) error {
		b := tx.Bucket(logBucket)
		n, err := b.NextSequence()
		if err != nil {
			return err
		}
		return b.Put(binary.BigEndian.AppendUint64(nil, n), withExpiry(entry, until))
	})
	if err == nil {
		s.news.announce()
	}
	return err
}

// Follow reads the log. A cursor is the sequence number of an entry.
func (s *Store) Follow(ctx context.Context, cursor string, wait time.Duration) ([][]byte, string, error) {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for {
		changed := s.news.wait()
		entries, next, err := s.after(ctx, cursor)
		if err != nil || len(entries) > 0 {
			return entries, next, err
		}
		select {
		case <-changed:
		case <-deadline.C:
			return nil, next, nil
		case <-ctx.Done():
			return nil, cursor, fmt.Errorf("following log: %w: %w", store.ErrUnavailable, ctx.Err())
		case <-s.stop:
			return nil, cursor, fmt.Errorf("following log: %w: the store was closed", store.ErrUnavailable)
		}
	}
}

// after reads the entries behind a cursor.
func (s *Store) after(ctx context.Context, cursor string) (entries [][]byte, next string, err error) {
	last := uint64(0)
	if cursor != "" {
		if last, err = strconv.ParseUint(cursor, 10, 64); err != nil {
			return nil, cursor, fmt.Errorf("following log: %w: the cursor is not ours", store.ErrRefused)
		}
	}
	next = cursor
	err = s.view(ctx, "following log", func(tx *bbolt.Tx) error {
		c, now := tx.Bucket(logBucket).Cursor(), s.now()
		for k, v := c.Seek(binary.BigEndian.AppendUint64(nil, last+1)); len(k) == 8; k, v = c.Next() {
			next = strconv.FormatUint(binary.BigEndian.Uint64(k), 10)
			if data := live(v, now); data != nil {
				entries = append(entries, bytes.Clone(data))
			}
		}
		return nil
	})
	return entries, next, err
}
