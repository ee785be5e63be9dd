package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/caddy-sms-2fa/gateway/store"
)

// lockTimeout is how long opening the file waits for another process to close it.
const lockTimeout = 500 * time.Millisecond

// The buckets of the file.
var (
	recordBucket = []byte("records") // key -> record
	limitBucket  = []byte("limits")  // key of the limit and name of the use, see useKey -> when the use was
	logBucket    = []byte("log")     // sequence number -> entry

	buckets = [][]byte{recordBucket, limitBucket, logBucket}
)

// opening is one try to open the file. All calls that arrive while the try is under way share its result, so that no
// call waits longer than one try takes when another process has the file open.
type opening struct {
	done chan struct{}
	db   *bbolt.DB
	err  error
}

// open returns the file, and opens it first if need be.
func (s *Store) open(ctx context.Context) (*bbolt.DB, error) {
	if err := ctx.Err(); err != nil {
		return nil, gaveUp(ctx)
	}
	db, try, err := s.opened()
	if db != nil || err != nil {
		return db, err
	}
	select {
	case <-try.done:
		return try.db, try.err
	case <-ctx.Done():
		return nil, gaveUp(ctx)
	}
}

// opened returns the file if it is open, or else the try to open it that is under way, and begins one if there is
// none.
func (s *Store) opened() (*bbolt.DB, *opening, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, errClosed
	}
	if s.db != nil {
		return s.db, nil, nil
	}
	if s.opening == nil {
		try := &opening{done: make(chan struct{})}
		s.opening = try
		s.background.Go(func() { s.try(try) })
	}
	return nil, s.opening, nil
}

// try opens the file, and starts the janitor if that succeeds.
func (s *Store) try(o *opening) {
	defer close(o.done)
	o.err = guard(func() (err error) {
		o.db, err = openFile(s.path)
		return err
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opening = nil
	if o.err == nil {
		s.db = o.db
		s.background.Go(s.sweepRegularly)
	}
}

func openFile(path string) (*bbolt.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making directory of store: %w: %w", store.ErrUnavailable, err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%w: %s is in use by another process; one running Caddy at a time can use it",
			store.ErrUnavailable, path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w: %w", path, store.ErrUnavailable, err)
	}
	if err := db.Update(makeBuckets); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing %s: %w: %w", path, store.ErrUnavailable, err), db.Close())
	}
	return db, nil
}

func makeBuckets(tx *bbolt.Tx) error {
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return nil
}
