package app

import (
	"context"
	"testing"
	"time"
)

// One account orders one text at a time, and takes no more than one slot for that; others find theirs meanwhile.
func TestSlotsOfAnAccount(t *testing.T) {
	t.Parallel()
	b := newOutbox()
	slot, turn := b.ReserveFor("alice", 2)
	if slot == nil || turn != nil {
		t.Fatal("there is no slot")
	}
	second, turn := b.ReserveFor("alice", 2)
	if second != nil || turn == nil {
		t.Fatal("a second slot for the account")
	}
	other, _ := b.ReserveFor("bob", 2)
	if other == nil {
		t.Fatal("no slot for another account")
	}
	if none, turn := b.ReserveFor("carol", 2); none != nil || turn != nil {
		t.Fatal("more slots than there may be")
	}
	sent := make(chan struct{})
	slot.Use(func(context.Context) { <-sent })
	select {
	case <-turn:
	default:
		t.Error("the text is ordered, and the turn is not over")
	}
	slot.Release()
	other.Release()
	again, _ := b.ReserveFor("alice", 2)
	if again == nil {
		t.Fatal("no slot after the text was ordered")
	}
	again.Release()
	close(sent)
	b.slots.Wait()
	if b.taken != 0 || len(b.ordering) != 0 {
		t.Errorf("%d slots taken, %d accounts order", b.taken, len(b.ordering))
	}
}

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
