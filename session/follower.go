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
	followWait  = 500 * time.Millisecond // how long one call waits for news, and how often the epoch is checked
	followPause = 200 * time.Millisecond // between a fault and the next try
	stepTimeout = time.Second            // how long one question to the store may take
)

// LeastStale is the shortest age of the state that says anything about the store. Between two answers of a store in
// good health lies one question that went unanswered until its timeout, the pause after it, and the wait for news.
const LeastStale = 2 * time.Second

// Follower follows the store for one gateway: which epoch the store is in, and what was revoked in that epoch. Run
// keeps the answers current; every other method but Revoke answers from memory.
type Follower struct {
	store store.Store
	ring  *KeyRing
	rand  io.Reader
	now   func() time.Time
	log   *slog.Logger

	state   atomic.Pointer[State]
	synced  atomic.Int64 // when the store last answered, milliseconds since 1970
	written written      // the revocations of this gateway
	lost    atomic.Int64 // how many of them the store had lost

	// Only Run uses these.
	reading *reading
	server  string    // by which the store answered last
	settled time.Time // until when a change of the server is looked at

	mu      sync.Mutex
	fault   error         // why the latest try failed, nil when it did not
	outage  outage        // what was logged of that
	changed chan struct{} // closed, and replaced by a new channel, each time a try ends
}

// reading is how far the log of an epoch has been read into a state. It outlasts a fault, so that a long log is read
// to its end in spite of faults in between.
type reading struct {
	state  *State
	cursor string // behind the last entry that was read
}

// NewFollower returns a follower that has not asked the store yet. now is the clock of this gateway.
func NewFollower(s store.Store, ring *KeyRing, rand io.Reader, now func() time.Time, log *slog.Logger) *Follower {
	return &Follower{store: s, ring: ring, rand: rand, now: now, log: log, changed: make(chan struct{})}
}

// State is the current state, or nil before the store has answered for the first time.
func (f *Follower) State() *State { return f.state.Load() }

// Age is how long ago the store last answered and everything in its answer could be read: revocations that are younger
// may be missing from the state. Where the clock was put back since, Age is no less than the time by which it shows
// less than then: an answer that lies in the future is no younger for that.
func (f *Follower) Age() time.Duration { return f.ageAt(f.now()) }

func (f *Follower) ageAt(now time.Time) time.Duration {
	return now.Sub(time.UnixMilli(f.synced.Load())).Abs()
}

// Recent is the current state if the store has answered within a time before now, and nil otherwise.
func (f *Follower) Recent(now time.Time, within time.Duration) *State {
	if state := f.State(); state != nil && f.ageAt(now) <= within {
		return state
	}
	return nil
}

// Wait returns the state, and waits for the first one if there is none yet. When ctx ends before that, the error wraps
// the error of ctx and the fault of the latest try. With a foreign secret, Wait returns ErrForeignSecret at once.
func (f *Follower) Wait(ctx context.Context) (*State, error) { return f.wait(ctx, f.State) }

// WaitRecent is Wait for a state that is recent: a machine that was halted, or whose clock was put forward, hears of
// the store a moment later, and so does a gateway whose store was away.
func (f *Follower) WaitRecent(ctx context.Context, within time.Duration) (*State, error) {
	return f.wait(ctx, func() *State { return f.Recent(f.now(), within) })
}

func (f *Follower) wait(ctx context.Context, current func() *State) (*State, error) {
	for {
		f.mu.Lock()
		fault, changed := f.fault, f.changed
		f.mu.Unlock()
		if state := current(); state != nil && !errors.Is(fault, ErrForeignSecret) {
			return state, nil
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

// Revoke appends a revocation to the log of the store, applies it to the state of this gateway at once, and returns
// its position in the log. The entries at the positions replaced are removed: what they end, r must end as well. After
// an error it is not known whether the revocation was written, and the sessions may go on.
func (f *Follower) Revoke(ctx context.Context, r Revocation, replaced ...string) (position string, err error) {
	state, err := f.Wait(ctx)
	if err != nil {
		return "", err
	}
	entry, err := r.Encode()
	if err != nil {
		return "", fmt.Errorf("writing revocation: %w", err)
	}
	position, err = f.store.Append(ctx, entry, time.Unix(r.Until, 0), replaced...)
	if err != nil {
		return "", fmt.Errorf("writing revocation: %w", err)
	}
	state.Revoked.Add(r, f.now())
	f.written.note(writing{r, position, f.now()}, replaced)
	return position, nil
}

// EndEpoch ends everything that belongs to the epoch of the store, on every gateway: it begins a new epoch with a new
// root, so that no session, challenge, counter or block is known any more. It returns when this gateway is in the new
// epoch; the others follow within a second.
func (f *Follower) EndEpoch(ctx context.Context) error {
	state, err := f.Wait(ctx)
	if err != nil {
		return err
	}
	if err := replaceEpoch(ctx, f.store, f.ring, f.rand, state.Epoch.ID, causeOperator); err != nil {
		return err
	}
	begun, err := currentEpoch(ctx, f.store)
	if err != nil {
		return err
	}
	if err := witness(ctx, f.store, begun); err != nil { // the entry wakes every gateway
		return err
	}
	for f.State() == state {
		f.mu.Lock()
		changed := f.changed
		f.mu.Unlock()
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the new epoch: %w", ctx.Err())
		case <-changed:
		}
	}
	return nil
}

// Run follows the store until ctx ends: it checks the epoch, waits for new entries of the log, applies them, and
// begins again. After a fault it pauses and tries again. Run is to be called once.
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

// follow asks the store once for its epoch and for new entries of the log.
func (f *Follower) follow(ctx context.Context) error {
	if err := f.checkServer(ctx); err != nil {
		return err
	}
	if err := f.checkEpoch(ctx); err != nil {
		return err
	}
	if err := f.writeAgain(ctx); err != nil {
		return err
	}
	if _, err := f.readOn(ctx, followWait); err != nil {
		return err
	}
	f.synced.Store(f.now().UnixMilli())
	return nil
}

// checkEpoch makes sure that the state is of the store's epoch. When the epoch is another, a new state takes the
// place of the old one as soon as the whole log of the new epoch has been read.
func (f *Follower) checkEpoch(ctx context.Context) error {
	if err := f.openEpoch(ctx); err != nil {
		return err
	}
	if f.State() == f.reading.state {
		return nil
	}
	for more := true; more; {
		var err error
		if more, err = f.readOn(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	f.synced.Store(f.now().UnixMilli())
	old, state := f.state.Swap(f.reading.state), f.reading.state
	if old != nil {
		f.written.forget()
	}
	f.report(nil) // wake the callers of Wait now: the first entry of the log may be long in coming
	switch {
	case old != nil:
		f.logEnd(old.Epoch, state.Epoch)
	case state.Epoch.lostLog:
		f.logEnd(Epoch{}, state.Epoch)
	}
	return nil
}

// openEpoch makes sure that what is read is the log of the store's epoch, and that the log is whole.
func (f *Follower) openEpoch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	current, err := currentEpoch(ctx, f.store)
	if err != nil {
		return fmt.Errorf("reading epoch: %w", err)
	}
	if f.reading != nil && f.reading.state.Epoch.ID == current.ID {
		lost, err := lostLog(ctx, f.store, current)
		if err != nil {
			return fmt.Errorf("looking for log: %w", err)
		}
		if !lost {
			return nil
		}
	}
	epoch, err := OpenEpoch(ctx, f.store, f.ring, f.rand)
	if err != nil {
		return err
	}
	f.reading = &reading{state: &State{Epoch: epoch, Revoked: NewRevoked()}}
	return nil
}

// readOn reads the next portion of the log, and reports whether there was any. Each portion has a deadline of its own,
// so that the time that a long log takes in all does not matter.
func (f *Follower) readOn(ctx context.Context, wait time.Duration) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, wait+stepTimeout)
	defer cancel()
	entries, next, err := f.store.Follow(ctx, f.reading.cursor, wait)
	if err != nil {
		return false, fmt.Errorf("reading revocations: %w", err)
	}
	if err := f.reading.state.apply(entries, f.now()); err != nil {
		return false, err
	}
	f.reading.cursor = next
	return len(entries) > 0, nil
}

// logEnd says why an epoch ended. The ID of the old epoch is empty where this gateway has not been in it.
func (f *Follower) logEnd(old, begun Epoch) {
	epochs := []any{"old_epoch", old.ID, "new_epoch", begun.ID}
	switch begun.cause {
	case causeOperator:
		f.log.Warn("an operator has ended all sessions", epochs...)
	case causeLog:
		f.log.Error("store has lost its log of revocations, all sessions have ended", epochs...)
	default:
		f.log.Error("store has lost its memory, all sessions have ended", epochs...)
	}
}

// Fault is why the latest try to follow the store failed, or nil when it did not: the store could not be asked,
// belongs to another secret, or has an entry that cannot be read.
func (f *Follower) Fault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault
}

// report notes the result of a try and wakes the callers of Wait.
func (f *Follower) report(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.outage.tell(f.log, err, f.now())
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
