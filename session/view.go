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

// View is a gateway's view of its store: which epoch it is in, and what was revoked in it. Run keeps it current;
// everything else is answered from memory.
type View struct {
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

// NewView returns a view that has seen nothing yet.
func NewView(s store.Store, ring *KeyRing, rand io.Reader, now func() time.Time, log *slog.Logger) *View {
	return &View{store: s, ring: ring, rand: rand, now: now, log: log, changed: make(chan struct{})}
}

// Era is the current era, nil before the store was first heard of.
func (v *View) Era() *Era { return v.era.Load() }

// Age is how long ago the store last answered.
func (v *View) Age() time.Duration {
	return v.now().Sub(time.UnixMilli(v.synced.Load()))
}

// Wait waits for the first era. When ctx ends before it comes, it returns the fault that stands in the way.
func (v *View) Wait(ctx context.Context) (*Era, error) {
	for {
		v.mu.Lock()
		fault, changed := v.fault, v.changed
		v.mu.Unlock()
		if era := v.Era(); era != nil && !errors.Is(fault, ErrForeignSecret) {
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
func (v *View) Revoke(ctx context.Context, r Revocation) error {
	era, err := v.Wait(ctx)
	if err != nil {
		return err
	}
	entry, err := r.Encode()
	if err != nil {
		return fmt.Errorf("writing revocation: %w", err)
	}
	if err := v.store.Append(ctx, entry, time.Unix(r.Until, 0)); err != nil {
		return fmt.Errorf("writing revocation: %w", err)
	}
	era.Revoked.Add(r, v.now())
	return nil
}

// Run follows the store until ctx ends.
func (v *View) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := v.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		v.report(err)
		if err != nil {
			sleep(ctx, followPause)
		}
	}
}

// follow asks once for the epoch and for news.
func (v *View) follow(ctx context.Context) error {
	if err := v.checkEpoch(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, followWait+stepTimeout)
	defer cancel()
	entries, next, err := v.store.Follow(ctx, v.cursor, followWait)
	if err != nil {
		return fmt.Errorf("following revocations: %w", err)
	}
	if err := v.heed(v.Era(), entries); err != nil {
		return err
	}
	v.cursor = next
	v.synced.Store(v.now().UnixMilli())
	return nil
}

// checkEpoch makes sure that the era is the store's. A new era begins only when its whole log has been read.
func (v *View) checkEpoch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	id, err := CurrentEpoch(ctx, v.store)
	if err != nil {
		return fmt.Errorf("reading epoch: %w", err)
	}
	if era := v.Era(); era != nil && era.Epoch.ID == id {
		return nil
	}
	epoch, err := OpenEpoch(ctx, v.store, v.ring, v.rand)
	if err != nil {
		return err
	}
	era := &Era{Epoch: epoch, Revoked: NewRevoked()}
	if err := v.catchUp(ctx, era); err != nil {
		return err
	}
	v.synced.Store(v.now().UnixMilli())
	old := v.era.Swap(era)
	v.report(nil) // who waits need not wait for the news
	if old != nil {
		v.log.Error("store has lost its memory, all sessions have ended", "old_epoch", old.Epoch.ID, "new_epoch", epoch.ID)
	}
	return nil
}

// catchUp reads the log of an era from its beginning.
func (v *View) catchUp(ctx context.Context, era *Era) error {
	v.cursor = ""
	for {
		entries, next, err := v.store.Follow(ctx, v.cursor, time.Millisecond)
		if err != nil {
			return fmt.Errorf("reading revocations: %w", err)
		}
		if err := v.heed(era, entries); err != nil {
			return err
		}
		v.cursor = next
		if len(entries) == 0 {
			return nil
		}
	}
}

// heed adds entries to an era. One that cannot be read is a fault: what it revoked is not known.
func (v *View) heed(era *Era, entries [][]byte) error {
	for _, entry := range entries {
		r, err := DecodeRevocation(entry)
		if err != nil {
			return err
		}
		era.Revoked.Add(r, v.now())
	}
	return nil
}

// Fault is why the store did not answer the latest time, nil when it did.
func (v *View) Fault() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.fault
}

// report notes the result of a try and wakes who waits; the log hears of changes only.
func (v *View) report(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil && v.fault == nil {
		v.log.Error("store does not answer as it should", "error", err)
	}
	if err == nil && v.fault != nil {
		v.log.Info("store answers again")
	}
	v.fault = err
	close(v.changed)
	v.changed = make(chan struct{})
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
