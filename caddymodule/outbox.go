package caddymodule

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// farewell is how long texts on their way may still take when nobody is in the realm any more, or Caddy exits and has no
// grace period of its own.
const farewell = 10 * time.Second

// lastWords is how long it may take to write down how texts went that were cut short.
const lastWords = 2 * time.Second

// outbox is the texts on their way. They outlive the requests that asked for them, and the configuration.
type outbox struct {
	ctx      context.Context // ends when the texts shall
	cut      context.CancelFunc
	underWay sync.WaitGroup
	inFlight atomic.Int64
}

func newOutbox() *outbox {
	b := new(outbox)
	b.ctx, b.cut = context.WithCancel(context.Background())
	return b
}

// reserve takes a place for one text, if fewer than limit are on their way. A place that is taken must be used (Go) or
// given back (release).
func (b *outbox) reserve(limit int) bool {
	if b.inFlight.Add(1) > int64(limit) || b.ctx.Err() != nil {
		b.release()
		return false
	}
	return true
}

func (b *outbox) release() { b.inFlight.Add(-1) }

// Go does something in a place that was reserved.
func (b *outbox) Go(do func(ctx context.Context)) {
	metrics.inFlight.Inc()
	b.underWay.Go(func() {
		defer metrics.inFlight.Dec()
		defer b.release()
		do(b.ctx)
	})
}

// close waits for the texts on their way, cuts short those that take longer than patience, and waits until it is written
// down how they went.
func (b *outbox) close(patience time.Duration) {
	quiet := make(chan struct{})
	go func() { b.underWay.Wait(); close(quiet) }()
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
