package session_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/store"
)

// follow starts a follower of a store.
func follow(t *testing.T, s store.Store, secret string) *session.Follower {
	t.Helper()
	f := session.NewFollower(s, newRing(t, secret), rand.Reader, time.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { f.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return f
}

func wait(t *testing.T, f *session.Follower) *session.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	state, err := f.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestRevocationReachesOtherGateways(t *testing.T) {
	t.Parallel()
	s, secret := openStore(t), newSecret(t)
	here, there := follow(t, s, secret), follow(t, s, secret)
	one := session.Session{ID: "one", Subject: "alice", AuthTime: time.Now()}
	two := session.Session{ID: "two", Subject: "bob", AuthTime: time.Now()}
	state := wait(t, there)
	wait(t, here)
	until := time.Now().Add(time.Hour).Unix()
	began := time.Now()
	if _, err := here.Revoke(t.Context(), session.Revocation{Session: "one", Until: until}); err != nil {
		t.Fatal(err)
	}
	for !state.Revoked.Has(&one) {
		if time.Since(began) > 2*time.Second {
			t.Fatal("the revocation did not arrive")
		}
		time.Sleep(time.Millisecond)
	}
	t.Logf("arrived after %s", time.Since(began))
	if state.Revoked.Has(&two) {
		t.Error("another session is revoked too")
	}
	all := session.Revocation{Subject: "bob", Before: time.Now().Unix(), Until: until}
	if _, err := here.Revoke(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	later := follow(t, s, secret)
	state = wait(t, later)
	if !state.Revoked.Has(&one) || !state.Revoked.Has(&two) {
		t.Error("a gateway that starts later does not know what was revoked before")
	}
	two.AuthTime = time.Now().Add(2 * time.Second)
	if state.Revoked.Has(&two) {
		t.Error("a session opened after the revocation is revoked")
	}
}

func TestFirstStateComesAtOnce(t *testing.T) {
	t.Parallel()
	began := time.Now()
	wait(t, follow(t, openStore(t), newSecret(t)))
	if took := time.Since(began); took > 400*time.Millisecond {
		t.Errorf("the first state took %s: it waited for news", took)
	}
}

func TestLostMemoryBeginsANewState(t *testing.T) {
	t.Parallel()
	s, secret := openStore(t), newSecret(t)
	f := follow(t, s, secret)
	old := wait(t, f)
	rec, err := s.Get(t.Context(), "epoch")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Swap(t.Context(), "epoch", rec.Data, nil, time.Time{}); !ok || err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); f.State().Epoch.ID == old.Epoch.ID; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 3*time.Second {
			t.Fatal("the follower did not notice that the store lost its memory")
		}
	}
}

func TestUnreadableRevocationIsAFault(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	f := follow(t, s, newSecret(t))
	wait(t, f)
	if _, err := s.Append(t.Context(), []byte(`{"v":2}`), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); f.Fault() == nil; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 3*time.Second {
			t.Fatal("what cannot be read was passed over")
		}
	}
}

func TestEndOfAnEpochReachesEveryGateway(t *testing.T) {
	t.Parallel()
	s, secret := openStore(t), newSecret(t)
	here, there := follow(t, s, secret), follow(t, s, secret)
	old := wait(t, here)
	wait(t, there)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := here.EndEpoch(ctx); err != nil {
		t.Fatal(err)
	}
	begun := here.State()
	if begun.Epoch.ID == old.Epoch.ID || string(begun.Epoch.Root) == string(old.Epoch.Root) {
		t.Error("the epoch goes on after its end")
	}
	for there.State().Epoch.ID != begun.Epoch.ID {
		if ctx.Err() != nil {
			t.Fatal("the other gateway did not hear of the new epoch")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// The log alone can be lost, while the record of the epoch stays: by eviction, or by hand. The first entry of the log
// bears witness to it; where that entry is gone, nobody knows what else was.
func TestLostLogBeginsANewEpoch(t *testing.T) {
	t.Parallel()
	lose := func(t *testing.T, s store.Store) {
		t.Helper()
		entry := []byte(`{"sid":"later","until":4102444800}`)
		if _, err := s.Append(t.Context(), entry, time.Now().Add(time.Hour), "1"); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("while a gateway runs", func(t *testing.T) {
		t.Parallel()
		s := openStore(t)
		f := follow(t, s, newSecret(t))
		old := wait(t, f)
		lose(t, s)
		for began := time.Now(); f.State().Epoch.ID == old.Epoch.ID; time.Sleep(5 * time.Millisecond) {
			if time.Since(began) > 3*time.Second {
				t.Fatal("the follower did not notice that the log is lost")
			}
		}
	})
	t.Run("while no gateway runs", func(t *testing.T) {
		t.Parallel()
		s, secret := openStore(t), newSecret(t)
		old, err := session.OpenEpoch(t.Context(), s, newRing(t, secret), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		lose(t, s)
		if state := wait(t, follow(t, s, secret)); state.Epoch.ID == old.ID {
			t.Error("a gateway that starts goes on as if nothing was lost")
		}
	})
	t.Run("and nothing is lost", func(t *testing.T) {
		t.Parallel()
		s, secret := openStore(t), newSecret(t)
		here, there := follow(t, s, secret), follow(t, s, secret)
		old := wait(t, here)
		wait(t, there)
		if _, err := here.Revoke(t.Context(), session.Revocation{Session: "a", Until: 4102444800}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1200 * time.Millisecond) // two looks at the epoch
		if later := wait(t, follow(t, s, secret)); later.Epoch.ID != old.Epoch.ID || there.State() == nil ||
			there.State().Epoch.ID != old.Epoch.ID {
			t.Error("the epoch has changed")
		}
	})
}

// slowLog is a store whose log is read slowly, with a fault now and then.
type slowLog struct {
	store.Store
	calls atomic.Int32
}

func (s *slowLog) Follow(ctx context.Context, cursor string, wait time.Duration) ([][]byte, string, error) {
	n := s.calls.Add(1)
	if n%4 == 0 {
		return nil, cursor, store.ErrUnavailable
	}
	select {
	case <-time.After(400 * time.Millisecond):
	case <-ctx.Done():
		return nil, cursor, ctx.Err()
	}
	return s.Store.Follow(ctx, cursor, wait)
}

// All portions together may take longer than one question to the store, and what was read before a fault is not read
// again.
func TestSlowLogIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	const entries = 4 * store.MaxPortion
	slow := &slowLog{Store: storeWithLog(t, entries)}
	state := wait(t, follow(t, slow, newSecret(t)))
	if !state.Revoked.Has(&session.Session{ID: sessionID(entries - 1)}) {
		t.Error("the log was not read to its end")
	}
	if n := slow.calls.Load(); n > 10 {
		t.Errorf("%d portions were asked for, want no more than 5, a fault and a few later looks", n)
	}
}
