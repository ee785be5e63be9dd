package session_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// moving is a store that answers by one server, and then by another one.
type moving struct {
	store.Store
	lives atomic.Int32
}

func (m *moving) Identity(context.Context) (string, error) {
	return "server in its life " + string('a'+m.lives.Load()), nil
}

// loses takes an entry out of the log.
func loses(t *testing.T, s store.Store, position string) {
	t.Helper()
	other, err := session.Revocation{Session: "other", Until: time.Now().Add(time.Hour).Unix()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), other, time.Now().Add(time.Hour), position); err != nil {
		t.Fatal(err)
	}
}

// knows reports whether a gateway that starts now knows that a session was ended.
func knows(t *testing.T, s store.Store, secret, id string) bool {
	t.Helper()
	return wait(t, follow(t, s, secret)).Revoked.Has(&session.Session{ID: id})
}

// A server that takes over may lack the latest revocations, although they were confirmed: the gateway that wrote them
// writes them again. Where the server is the same, an entry that is gone was taken out on purpose.
func TestRevocationsOutliveTheirServer(t *testing.T) {
	t.Parallel()
	m, secret := &moving{Store: openStore(t)}, newSecret(t)
	f := follow(t, m, secret)
	wait(t, f)
	until := time.Now().Add(time.Hour).Unix()
	positions := make(map[string]string)
	for _, id := range []string{"kept", "lost", "replaced"} {
		position, err := f.Revoke(t.Context(), session.Revocation{Session: id, Until: until})
		if err != nil {
			t.Fatal(err)
		}
		positions[id] = position
	}
	all := session.Revocation{Subject: "alice", Stamp: 7, Until: until}
	if _, err := f.Revoke(t.Context(), all, positions["replaced"]); err != nil {
		t.Fatal(err)
	}
	loses(t, m.Store, positions["lost"])
	time.Sleep(1500 * time.Millisecond)
	if knows(t, m.Store, secret, "lost") || f.Lost() != 0 {
		t.Fatal("an entry was written again although the server is the same")
	}
	m.lives.Add(1)
	testenv.Await(t, "the revocation is written again", func() bool { return f.Lost() == 1 })
	for id, want := range map[string]bool{"kept": true, "lost": true, "replaced": false} {
		if knows(t, m.Store, secret, id) != want {
			t.Errorf("%s: a gateway that starts now knows the revocation: %t", id, !want)
		}
	}
	// What is lost a moment after the change is written again as well.
	position, err := f.Revoke(t.Context(), session.Revocation{Session: "late", Until: until})
	if err != nil {
		t.Fatal(err)
	}
	loses(t, m.Store, position)
	testenv.Await(t, "the late revocation is written again", func() bool { return knows(t, m.Store, secret, "late") })
}

// A server whose log ends before what a gateway has read already is read anew: a gateway that runs sees what is
// appended then.
func TestLogThatHasGoneBack(t *testing.T) {
	t.Parallel()
	r, secret := testenv.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always"), newSecret(t)
	s := redisstore.New(redisstore.Options{Addresses: []string{r.Addr}, Timeout: 2 * time.Second})
	t.Cleanup(func() { _ = s.Close() })
	f := follow(t, s, secret)
	state := wait(t, f)
	before := r.Do("DUMP", "log")
	until := time.Now().Add(time.Hour)
	entry, err := session.Revocation{Session: "ahead", Until: until.Unix()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r.Do("XADD", "log", "99999999999999-0", "e", entry, "u", until.UnixMilli())
	testenv.Await(t, "the entry ahead is read", func() bool { return state.Revoked.Has(&session.Session{ID: "ahead"}) })
	r.Do("RESTORE", "log", 0, before, "REPLACE")
	r.Restart()
	entry, err = session.Revocation{Session: "behind", Until: until.Unix()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	testenv.Await(t, "the server answers", func() bool {
		_, err := s.Append(t.Context(), entry, until)
		return err == nil
	})
	testenv.Await(t, "the entry behind is read", func() bool {
		return f.State().Revoked.Has(&session.Session{ID: "behind"})
	})
	if f.State() != state || !state.Revoked.Has(&session.Session{ID: "ahead"}) {
		t.Error("what was known before is forgotten")
	}
}
