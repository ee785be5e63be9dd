package app

import (
	"context"
	"testing"
	"time"
)

// A slot is given back whatever becomes of what it was used for, and none is given once the outbox closes.
func TestSlots(t *testing.T) {
	t.Parallel()
	b := newOutbox()
	b.Reserve(1).Release()
	slot := b.Reserve(1)
	if slot == nil || b.Reserve(1) != nil {
		t.Fatal("there is not exactly one slot")
	}
	begin := make(chan struct{})
	slot.Use(func(context.Context) { <-begin; panic("+15005550006") })
	if slot.Release(); b.Reserve(1) != nil {
		t.Fatal("the slot was given back while it was used")
	}
	close(begin)
	b.slots.Wait()
	if slot = b.Reserve(1); slot == nil {
		t.Fatal("a panic took the slot with it")
	}
	cut := make(chan error, 1)
	slot.Use(func(ctx context.Context) { <-ctx.Done(); cut <- ctx.Err() })
	b.close(time.Millisecond)
	if err := <-cut; err == nil || b.Reserve(1) != nil {
		t.Error("a closed outbox goes on")
	}
}
