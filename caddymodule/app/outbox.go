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

	mu      sync.Mutex
	taken   int
	closing bool
	slots   sync.WaitGroup // those that are taken
}

func newOutbox() *Outbox {
	b := new(Outbox)
	b.ctx, b.cut = context.WithCancel(context.Background())
	return b
}

// Slot is room for one text. It ends when it is released, or with what it is used for.
type Slot struct {
	box    *Outbox
	handed bool
}

// Reserve takes a slot for one text, nil when limit are taken or the outbox closes. The caller must release the slot
// in any case.
func (b *Outbox) Reserve(limit int) *Slot {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing || b.taken >= limit {
		return nil
	}
	b.taken++
	b.slots.Add(1)
	return &Slot{box: b}
}

// Release gives the slot back, unless it is used: then it is given back when that is done.
func (s *Slot) Release() {
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
