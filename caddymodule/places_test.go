package caddymodule

import (
	"context"
	"testing"
	"time"
)

// A place is given back whatever becomes of what it was used for, and none is given once the outbox closes.
func TestPlaces(t *testing.T) {
	t.Parallel()
	b := newOutbox()
	b.reserve(1).release()
	place := b.reserve(1)
	if place == nil || b.reserve(1) != nil {
		t.Fatal("there is not exactly one place")
	}
	begin := make(chan struct{})
	place.use(func(context.Context) { <-begin; panic("+15005550006") })
	if place.release(); b.reserve(1) != nil {
		t.Fatal("the place was given back while it was used")
	}
	close(begin)
	b.places.Wait()
	if place = b.reserve(1); place == nil {
		t.Fatal("a panic took the place with it")
	}
	cut := make(chan error, 1)
	place.use(func(ctx context.Context) { <-ctx.Done(); cut <- ctx.Err() })
	b.close(time.Millisecond)
	if err := <-cut; err == nil || b.reserve(1) != nil {
		t.Error("a closed outbox goes on")
	}
}
