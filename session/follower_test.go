package session_test

import (
	"context"
	"crypto/rand"
	"log/slog"
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
	if err := here.Revoke(t.Context(), session.Revocation{Session: "one", Until: until}); err != nil {
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
	if err := here.Revoke(t.Context(), all); err != nil {
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
	if err := s.Append(t.Context(), []byte(`{"v":2}`), time.Now().Add(time.Hour)); err != nil {
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
