package app

import (
	"context"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
)

// farewell is how long texts on their way may still take when no configuration uses the backend any more, or Caddy
// exits and has no grace period of its own.
const farewell = 10 * time.Second

// lastWords is how long it may take to write down how texts went that were cut short.
const lastWords = 2 * time.Second

// Outbox is the texts on their way. They outlive the requests that asked for them, and the configuration.
type Outbox struct {
	ctx context.Context // ends when the texts shall
	cut context.CancelFunc

	mu       sync.Mutex
	taken    int
	closing  bool
	slots    sync.WaitGroup           // those that are taken
	ordering map[string]chan struct{} // accounts with a slot that is not used yet; closed when that is over
}

func newOutbox() *Outbox {
	b := &Outbox{ordering: make(map[string]chan struct{})}
	b.ctx, b.cut = context.WithCancel(context.Background())
	return b
}

// Slot is room for one text. It ends when it is released, or with what it is used for.
type Slot struct {
	box     *Outbox
	account string // whose text is being ordered; "" without one, and once it is ordered
	handed  bool
}

// Reserve takes a slot for one text, nil when limit are taken or the outbox closes. The caller must release the slot
// in any case.
func (b *Outbox) Reserve(limit int) *Slot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.take(limit)
}

func (b *Outbox) take(limit int) *Slot {
	if b.closing || b.taken >= limit {
		return nil
	}
	b.taken++
	b.slots.Add(1)
	return &Slot{box: b}
}

// ReserveFor takes a slot for a text of an account, as Reserve does. While a text of the account is being ordered,
// there is no other slot for the account: turn is closed when the order is written down, or is not to be. After that,
// the text may no longer be due.
func (b *Outbox) ReserveFor(account string, limit int) (slot *Slot, turn <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if turn, taken := b.ordering[account]; taken {
		return nil, turn
	}
	if slot = b.take(limit); slot != nil {
		slot.account = account
		b.ordering[account] = make(chan struct{})
	}
	return slot, nil
}

// ordered lets the next one order a text of the account.
func (s *Slot) ordered() {
	if s.account == "" {
		return
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	close(s.box.ordering[s.account])
	delete(s.box.ordering, s.account)
	s.account = ""
}

// Release gives the slot back, unless it is used: then it is given back when that is done.
func (s *Slot) Release() {
	s.ordered()
	if !s.handed {
		s.box.release()
	}
}

func (b *Outbox) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken--
	b.slots.Done()
}

// Use does something in the slot, in the background. A panic, as a sender of another plugin may have, does not take
// the process down.
func (s *Slot) Use(do func(ctx context.Context)) {
	s.handed = true
	s.ordered()
	metrics.InFlight.Inc()
	go func() {
		defer s.box.release()
		defer metrics.InFlight.Dec()
		defer func() {
			if recover() != nil { // what it panicked with could hold anything
				metrics.Faults.Inc()
				caddy.Log().Named("sms_2fa").Error("a sender panicked")
			}
		}()
		do(s.box.ctx)
	}()
}

// close takes no more texts, waits for those on their way, cuts short those that take longer than patience, and waits
// until it is written down how they went.
func (b *Outbox) close(patience time.Duration) {
	b.mu.Lock()
	b.closing = true
	b.mu.Unlock()
	quiet := make(chan struct{})
	go func() { b.slots.Wait(); close(quiet) }()
	if !within(quiet, patience) {
		b.cut()
		within(quiet, lastWords)
	}
	b.cut()
}

// within reports whether done is closed before d is over.
func within(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
