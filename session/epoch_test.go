package session_test

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
)

func openStore(t testing.TB) store.Store {
	t.Helper()
	s := boltstore.New(filepath.Join(t.TempDir(), "store.db"), time.Now)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestEpochOutlivesTheSecret(t *testing.T) {
	t.Parallel()
	s, older, newer := openStore(t), newSecret(t), newSecret(t)
	open := func(secrets ...string) (session.Epoch, error) {
		return session.OpenEpoch(t.Context(), s, newRing(t, secrets...), rand.Reader)
	}
	first, err := open(older)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(newer); !errors.Is(err, session.ErrForeignSecret) {
		t.Fatalf("a gateway with another secret: %v", err)
	}
	for _, secrets := range [][]string{{older, newer}, {newer, older}, {newer}} {
		e, err := open(secrets...)
		if err != nil || e.ID != first.ID || string(e.Root) != string(first.Root) {
			t.Fatalf("with %d secrets: %v", len(secrets), err)
		}
	}
	if _, err := open(older); !errors.Is(err, session.ErrForeignSecret) {
		t.Errorf("the retired secret: %v", err)
	}
}

func TestEpochOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	newer, soon := []byte(`{"v":2,"id":"x"}`), time.Now().Add(time.Hour)
	if ok, err := s.Swap(t.Context(), "epoch", nil, newer, soon); !ok || err != nil {
		t.Fatal(err)
	}
	if _, err := session.OpenEpoch(t.Context(), s, newRing(t, newSecret(t)), rand.Reader); err == nil {
		t.Error("an epoch of an unknown version was opened")
	}
}
