package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/store"
)

// Backends and stores live in pools, because they outlive the configuration that founded them: Caddy cleans an old
// configuration up while its last requests are still under way.
var (
	backends = caddy.NewUsagePool()
	stores   = caddy.NewUsagePool()
)

// openStore is a store in the pool. Two backends can share one, for a while, when a secret changes.
type openStore struct {
	store.Store
	key string
}

// Destruct closes the store.
func (s *openStore) Destruct() error { return s.Store.Close() }

// Identity names the server of the store, where the store has one, see session.Follower.
func (s *openStore) Identity(ctx context.Context) (string, error) {
	if one, ok := s.Store.(interface {
		Identity(ctx context.Context) (string, error)
	}); ok {
		return one.Identity(ctx)
	}
	return "", nil
}

// foundation is what a backend is founded on. A nil ring stands for the secret in Caddy's storage.
type foundation struct {
	stores  guest.Store
	ring    *session.KeyRing
	storage certmagic.Storage
	clock   func() time.Time
	rand    io.Reader
}

// key tells backends apart, without telling a secret.
func (f foundation) key() string {
	if f.ring == nil {
		return f.stores.StoreKey() + "|made"
	}
	return f.stores.StoreKey() + "|" + f.ring.ID()
}

// enterBackend finds or founds a backend. Each call must be followed by one of leaveBackend with the returned key.
func enterBackend(f foundation) (*Backend, string, error) {
	key := f.key()
	pooled, _, err := backends.LoadOrNew(key, func() (caddy.Destructor, error) { return newBackend(f) })
	if err != nil {
		return nil, "", err
	}
	return pooled.(*Backend), key, nil
}

func leaveBackend(key string) error {
	_, err := backends.Delete(key)
	return err
}

func newBackend(f foundation) (*Backend, error) {
	key := f.stores.StoreKey()
	pooled, _, err := stores.LoadOrNew(key, func() (caddy.Destructor, error) {
		s, err := f.stores.OpenStore()
		return &openStore{Store: s, key: key}, err
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	b := &Backend{
		stores: pooled.(*openStore), storage: f.storage, clock: f.clock, rand: f.rand, log: slog.New(lastingLog()),
		loaded: make(chan struct{}), outbox: newOutbox(),
	}
	if f.ring != nil {
		b.use(f.ring)
	}
	return b, nil
}
