// Package boltstore keeps records in one bbolt file, for a gateway that runs on one machine.
//
// Every write is synced to the disk before the call returns: a guess that was counted stays counted when the power
// fails. A call that changes nothing, such as a use that a limit refuses, writes nothing and costs no sync.
//
// bbolt maps the file into memory and trusts it. The file is checked when it is opened, and each transaction makes
// sure that the file has not been cut off meanwhile; what still goes wrong in a transaction ends the transaction and
// not the process. A file that is damaged is refused until it has been replaced.
//
// The file has three buckets: records, limits and log. The first eight bytes of every value say when the value
// expires, in milliseconds since 1970, big endian; a janitor removes expired values in the background, a few at a
// time.
package boltstore

import (
	"fmt"
	"sync"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Store is a store in one file. The first call opens the file; if that fails, the next call tries again.
type Store struct {
	path string
	now  func() time.Time

	news    news
	refused refused // only the try to open that is under way uses it
	janitor sync.Once

	mu         sync.Mutex
	file       *file
	opening    *opening
	closed     bool
	stop       chan struct{}
	background sync.WaitGroup
}

var _ store.Store = (*Store)(nil)

// New returns the store in the file at path. It does not touch the file. now is the store's clock.
func New(path string, now func() time.Time) *Store {
	return &Store{
		path: path, now: now, stop: make(chan struct{}), news: news{c: make(chan struct{})},
	}
}

// Close closes the file when the calls under way have ended. Calls of Follow that wait end with store.ErrUnavailable.
func (s *Store) Close() error {
	if !s.retire() {
		return nil
	}
	s.background.Wait()
	if s.file == nil {
		return nil
	}
	if err := s.file.close(); err != nil {
		return fmt.Errorf("closing store: %w", err)
	}
	return nil
}

// retire makes all later calls fail. It reports false if the store was closed before.
func (s *Store) retire() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.closed = true
	close(s.stop)
	return true
}
