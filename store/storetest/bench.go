package storetest

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// recordSize is the size in bytes of the record of a usual account with an open challenge.
const recordSize = 330

// Bench measures how long Get, Swap and Take take, one call after another.
func Bench(b *testing.B, s store.Store) {
	b.Run("Get", func(b *testing.B) { benchGet(b, s) })
	b.Run("Swap", func(b *testing.B) { benchSwap(b, s) })
	b.Run("Take", func(b *testing.B) { benchTake(b, s) })
}

func benchGet(b *testing.B, s store.Store) {
	ctx := b.Context()
	if _, err := s.Swap(ctx, "get", nil, make([]byte, recordSize), time.Now().Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := s.Get(ctx, "get"); err != nil || len(r.Data) != recordSize {
			b.Fatalf("Get = %d bytes, %v", len(r.Data), err)
		}
	}
}

func benchSwap(b *testing.B, s store.Store) {
	ctx, expires := b.Context(), time.Now().Add(time.Hour)
	var old []byte
	next, other := bytes.Repeat([]byte("a"), recordSize), bytes.Repeat([]byte("b"), recordSize)
	if r, err := s.Get(ctx, "swap"); err != nil {
		b.Fatal(err)
	} else if old = r.Data; bytes.Equal(old, next) {
		next, other = other, next
	}
	b.ReportAllocs()
	for b.Loop() {
		if swapped, err := s.Swap(ctx, "swap", old, next, expires); err != nil || !swapped {
			b.Fatalf("Swap = %v, %v", swapped, err)
		}
		old, next, other = next, other, next
	}
}

func benchTake(b *testing.B, s store.Store) {
	ctx, start := b.Context(), time.Now().UnixNano()
	limits := []store.Limit{{Max: 5, Per: time.Hour}, {Max: 10, Per: 24 * time.Hour}}
	b.ReportAllocs()
	for n := int64(0); b.Loop(); n++ {
		key := strconv.FormatInt(start+n/5, 36)
		if wait, err := s.Take(ctx, key, strconv.FormatInt(n, 36), limits); err != nil || wait != 0 {
			b.Fatalf("Take = %v, %v", wait, err)
		}
	}
}
