package session_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/session"
)

// What a gateway knows of the store is recent or not by the clock of the gateway, whichever way that clock is put, and
// is recent again as soon as the store has answered.
func TestStateIsRecent(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	f := session.NewFollower(openStore(t), newRing(t, newSecret(t)), rand.Reader, clock, slog.New(slog.DiscardHandler))
	if f.Recent(clock(), time.Hour) != nil {
		t.Error("the state is recent before the store has answered")
	}
	run := func() (halt func()) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { f.Run(ctx); close(done) }()
		return func() { cancel(); <-done }
	}
	halt := run()
	wait(t, f)
	halt()
	for _, off := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		ahead.Add(int64(off))
		if f.Recent(clock(), time.Hour) != nil || f.Recent(clock(), 3*time.Hour) == nil {
			t.Errorf("clock put by %v: the state is %v old", off, f.Age())
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if _, err := f.WaitRecent(ctx, time.Hour); err == nil {
			t.Errorf("clock put by %v: the store has not answered, and the state is recent", off)
		}
		cancel()
		halt = run()
		ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := f.WaitRecent(ctx, time.Hour); err != nil {
			t.Errorf("clock put by %v: %v", off, err)
		}
		cancel()
		halt()
	}
}
