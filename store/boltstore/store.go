// Package boltstore keeps records in one bbolt file, for a gateway that runs on one machine.
//
// Every write is synced to the disk before it is answered: a guess that was counted stays counted when the power fails.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
)

// lockTimeout is how long opening waits for another process that has the file open.
const lockTimeout = 500 * time.Millisecond

// The buckets of the file. A limit's key is the key of the limit, NUL and the use's id; a log entry's is its sequence
// number.
var (
	records     = []byte("records")
	limitBucket = []byte("limits")
	logBucket   = []byte("log")
)

// Store is a store in one file. It is opened when it is first used, and tried again with the next use if that fails.
type Store struct {
	path string
	now  func() time.Time

	mu      sync.Mutex
	db      *bbolt.DB
	closed  bool
	stop    chan struct{}
	janitor sync.WaitGroup

	news news
}

var _ store.Store = (*Store)(nil)

// New returns the store in the file at path. It does not touch the file.
func New(path string, now func() time.Time) *Store {
	return &Store{path: path, now: now, stop: make(chan struct{}), news: news{c: make(chan struct{})}}
}

// open returns the open file.
func (s *Store) open(ctx context.Context) (*bbolt.DB, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("opening store: %w: %w", store.ErrUnavailable, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("opening store: %w: it was closed", store.ErrUnavailable)
	}
	if s.db != nil {
		return s.db, nil
	}
	db, err := openFile(s.path)
	if err != nil {
		return nil, err
	}
	s.db = db
	s.janitor.Go(s.sweepRegularly)
	return db, nil
}

func openFile(path string) (*bbolt.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("opening store: %w: %w", store.ErrUnavailable, err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if errors.Is(err, bbolt.ErrTimeout) {
		return nil, fmt.Errorf("opening store: %w: %s is in use by another process; one Caddy at a time can use it", store.ErrUnavailable, path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening store %s: %w: %w", path, store.ErrUnavailable, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{records, limitBucket, logBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(refused("preparing store", err), db.Close())
	}
	return db, nil
}

// Close closes the file.
func (s *Store) Close() error {
	s.mu.Lock()
	db, first := s.db, !s.closed
	s.closed = true
	if first {
		close(s.stop)
	}
	s.mu.Unlock()
	s.janitor.Wait()
	if !first || db == nil {
		return nil
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("closing store: %w", err)
	}
	return nil
}

// view runs a read.
func (s *Store) view(ctx context.Context, doing string, f func(tx *bbolt.Tx) error) error {
	db, err := s.open(ctx)
	if err != nil {
		return err
	}
	return failed(doing, db.View(f))
}

// update runs a write. It cannot be interrupted once it has begun.
func (s *Store) update(ctx context.Context, doing string, f func(tx *bbolt.Tx) error) error {
	db, err := s.open(ctx)
	if err != nil {
		return err
	}
	return failed(doing, db.Update(f))
}

func failed(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bbolt.ErrDatabaseNotOpen):
		return fmt.Errorf("%s: %w: %w", doing, store.ErrUnavailable, err)
	}
	return refused(doing, err)
}

func refused(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, store.ErrRefused, err)
}
