// Package boltstore keeps records in one bbolt file, for a gateway that runs on one machine.
//
// Every write is synced to the disk before it is answered: a guess that was counted stays counted when the power fails.
// What would change nothing writes nothing, so being refused costs no sync.
package boltstore

import (
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Store is a store in one file. It is opened when it is first used, and tried again with the next use if that fails.
type Store struct {
	path string
	now  func() time.Time

	writing chan struct{} // full while a write is under way
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
		path: path, now: now, writing: make(chan struct{}, 1), stop: make(chan struct{}), news: news{c: make(chan struct{})},
	}
}

// Close closes the file, once what is under way has ended. Who follows the log is told.
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

// retire lets nobody in any more. It reports false if that was done before.
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
