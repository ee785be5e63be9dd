package caddymodule

import (
	"context"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// farewell is how long texts on their way may still take when nobody is in the realm any more, or Caddy exits and has no
// grace period of its own.
const farewell = 10 * time.Second

// lastWords is how long it may take to write down how texts went that were cut short.
const lastWords = 2 * time.Second

// outbox is the texts on their way. They outlive the requests that asked for them, and the configuration.
type outbox struct {
	ctx context.Context // ends when the texts shall
	cut context.CancelFunc

	mu      sync.Mutex
	taken   int
	closing bool
	places  sync.WaitGroup // those that are taken
}

func newOutbox() *outbox {
	b := new(outbox)
	b.ctx, b.cut = context.WithCancel(context.Background())
	return b
}

// slot is a place for one text. It ends when it is released, or with what it is used for.
type slot struct {
	box    *outbox
	handed bool
}

// reserve takes a place for one text, nil when limit are taken. It must be released, by whoever took it, in any case.
func (b *outbox) reserve(limit int) *slot {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing || b.taken >= limit {
		return nil
	}
	b.taken++
	b.places.Add(1)
	return &slot{box: b}
}

// release gives the place back, unless it is used: then it is given back when that is done.
func (s *slot) release() {
	if !s.handed {
		s.box.release()
	}
}

func (b *outbox) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken--
	b.places.Done()
}

// use does something in the place. What panics, as senders of other plugins may, must not take the process down.
func (s *slot) use(do func(ctx context.Context)) {
	s.handed = true
	metrics.inFlight.Inc()
	go func() {
		defer s.box.release()
		defer metrics.inFlight.Dec()
		defer func() {
			if recover() != nil { // what it panicked with could hold anything
				metrics.faults.Inc()
				caddy.Log().Named("sms_2fa").Error("a sender panicked")
			}
		}()
		do(s.box.ctx)
	}()
}

// close takes no more texts, waits for those on their way, cuts short those that take longer than patience, and waits until it
// is written down how they went.
func (b *outbox) close(patience time.Duration) {
	b.mu.Lock()
	b.closing = true
	b.mu.Unlock()
	quiet := make(chan struct{})
	go func() { b.places.Wait(); close(quiet) }()
	if !within(quiet, patience) {
		b.cut()
		within(quiet, lastWords)
	}
	b.cut()
}

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
