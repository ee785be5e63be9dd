// Package boltstore keeps records in one bbolt file, for a gateway that runs on one machine.
//
// Every write is synced to the disk before the call returns: a guess that was counted stays counted when the power
// fails. A call that changes nothing, such as a use that a limit refuses, writes nothing and costs no sync.
//
// The file has three buckets: records, limits and log. The first eight bytes of every value say when the value
// expires, in milliseconds since 1970, big endian; a janitor removes expired values in the background, a few at a
// time.
package boltstore

import (
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Store is a store in one file. The first call opens the file; if that fails, the next call tries again.
type Store struct {
	path string
	now  func() time.Time

	writing chan struct{} // holds one element while a write is under way
	news    news

	mu         sync.Mutex
	db         *bbolt.DB
	opening    *opening
	closed     bool
	stop       chan struct{}
	background sync.WaitGroup
}

var _ store.Store = (*Store)(nil)

// New returns the store in the file at path. It does not touch the file. now is the store's clock.
func New(path string, now func() time.Time) *Store {
	return &Store{
		path: path, now: now, writing: make(chan struct{}, 1), stop: make(chan struct{}),
		news: news{c: make(chan struct{})},
	}
}

// Close closes the file when the calls under way have ended. Calls of Follow that wait end with store.ErrUnavailable.
func (s *Store) Close() error {
	if !s.retire() {
		return nil
	}
	s.background.Wait()
	if s.db == nil {
		return nil
	}
	if err := s.db.Close(); err != nil {
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
