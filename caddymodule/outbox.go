package caddymodule

import (
	"context"
	"sync"
	"time"
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

// reserve takes a place for one text, if fewer than limit are taken. A place that is taken must be used (Go) or given back
// (release).
func (b *outbox) reserve(limit int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing || b.taken >= limit {
		return false
	}
	b.taken++
	b.places.Add(1)
	return true
}

func (b *outbox) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken--
	b.places.Done()
}

// Go does something in a place that was reserved.
func (b *outbox) Go(do func(ctx context.Context)) {
	metrics.inFlight.Inc()
	go func() {
		defer b.release()
		defer metrics.inFlight.Dec()
		do(b.ctx)
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
