package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Pauses and limits of following the log.
const (
	followWait  = 500 * time.Millisecond // also how soon a lost epoch is noticed
	followPause = 200 * time.Millisecond // after a fault
	stepTimeout = time.Second            // of one question to the store
)

// Era is one epoch as this gateway knows it.
type Era struct {
	Epoch   Epoch
	Revoked *Revoked
}

// Follower follows the store for one gateway: which epoch the store is in, and what was revoked in that epoch. Run keeps
// the answers current; every other method but Revoke answers from memory.
type Follower struct {
	store store.Store
	ring  *KeyRing
	rand  io.Reader
	now   func() time.Time
	log   *slog.Logger

	era    atomic.Pointer[Era]
	synced atomic.Int64 // when the store last answered, milliseconds since 1970
	cursor string

	mu      sync.Mutex
	fault   error         // why the latest try failed
	changed chan struct{} // closed when a try ends
}

// NewFollower returns a follower that has not asked the store yet. now is the clock of this gateway.
func NewFollower(s store.Store, ring *KeyRing, rand io.Reader, now func() time.Time, log *slog.Logger) *Follower {
	return &Follower{store: s, ring: ring, rand: rand, now: now, log: log, changed: make(chan struct{})}
}

// Era is the current era, nil before the store was first heard of.
func (f *Follower) Era() *Era { return f.era.Load() }

// Age is how long ago the store last answered.
func (f *Follower) Age() time.Duration {
	return f.now().Sub(time.UnixMilli(f.synced.Load()))
}

// Wait waits for the first era. When ctx ends before it comes, it returns the fault that stands in the way.
func (f *Follower) Wait(ctx context.Context) (*Era, error) {
	for {
		f.mu.Lock()
		fault, changed := f.fault, f.changed
		f.mu.Unlock()
		if era := f.Era(); era != nil && !errors.Is(fault, ErrForeignSecret) {
			return era, nil
		}
		if errors.Is(fault, ErrForeignSecret) {
			return nil, fault
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the store: %w", errors.Join(ctx.Err(), fault))
		case <-changed:
		}
	}
}

// Revoke writes an entry to the log, and heeds it here at once.
func (f *Follower) Revoke(ctx context.Context, r Revocation) error {
	era, err := f.Wait(ctx)
	if err != nil {
		return err
	}
	entry, err := r.Encode()
	if err != nil {
		return fmt.Errorf("writing revocation: %w", err)
	}
	if err := f.store.Append(ctx, entry, time.Unix(r.Until, 0)); err != nil {
		return fmt.Errorf("writing revocation: %w", err)
	}
	era.Revoked.Add(r, f.now())
	return nil
}

// Run follows the store until ctx ends.
func (f *Follower) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		f.report(err)
		if err != nil {
			sleep(ctx, followPause)
		}
	}
}

// follow asks once for the epoch and for news.
func (f *Follower) follow(ctx context.Context) error {
	if err := f.checkEpoch(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, followWait+stepTimeout)
	defer cancel()
	entries, next, err := f.store.Follow(ctx, f.cursor, followWait)
	if err != nil {
		return fmt.Errorf("following revocations: %w", err)
	}
	if err := f.heed(f.Era(), entries); err != nil {
		return err
	}
	f.cursor = next
	f.synced.Store(f.now().UnixMilli())
	return nil
}

// checkEpoch makes sure that the era is the store's. A new era begins only when its whole log has been read.
func (f *Follower) checkEpoch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	id, err := CurrentEpoch(ctx, f.store)
	if err != nil {
		return fmt.Errorf("reading epoch: %w", err)
	}
	if era := f.Era(); era != nil && era.Epoch.ID == id {
		return nil
	}
	epoch, err := OpenEpoch(ctx, f.store, f.ring, f.rand)
	if err != nil {
		return err
	}
	era := &Era{Epoch: epoch, Revoked: NewRevoked()}
	if err := f.catchUp(ctx, era); err != nil {
		return err
	}
	f.synced.Store(f.now().UnixMilli())
	old := f.era.Swap(era)
	f.report(nil) // who waits need not wait for the news
	if old != nil {
		f.log.Error("store has lost its memory, all sessions have ended", "old_epoch", old.Epoch.ID, "new_epoch", epoch.ID)
	}
	return nil
}

// catchUp reads the log of an era from its beginning.
func (f *Follower) catchUp(ctx context.Context, era *Era) error {
	f.cursor = ""
	for {
		entries, next, err := f.store.Follow(ctx, f.cursor, time.Millisecond)
		if err != nil {
			return fmt.Errorf("reading revocations: %w", err)
		}
		if err := f.heed(era, entries); err != nil {
			return err
		}
		f.cursor = next
		if len(entries) == 0 {
			return nil
		}
	}
}

// heed adds entries to an era. One that cannot be read is a fault: what it revoked is not known.
func (f *Follower) heed(era *Era, entries [][]byte) error {
	for _, entry := range entries {
		r, err := DecodeRevocation(entry)
		if err != nil {
			return err
		}
		era.Revoked.Add(r, f.now())
	}
	return nil
}

// Fault is why the store did not answer the latest time, nil when it did.
func (f *Follower) Fault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault
}

// report notes the result of a try and wakes who waits; the log hears of changes only.
func (f *Follower) report(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && f.fault == nil {
		f.log.Error("store does not answer as it should", "error", err)
	}
	if err == nil && f.fault != nil {
		f.log.Info("store answers again")
	}
	f.fault = err
	close(f.changed)
	f.changed = make(chan struct{})
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
