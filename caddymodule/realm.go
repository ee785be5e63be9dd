package caddymodule

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/store"
)

// storeTimeout bounds everything that one request asks of the store, so that a visitor has an answer within a second.
const storeTimeout = 800 * time.Millisecond

// firstWait bounds how long a request waits for the first word of the store.
const firstWait = 300 * time.Millisecond

// A realm is one store and one set of secrets, with all that depends on both. Configurations come and go; the realm stays
// as long as one of them uses it, so a reload loses nothing. It holds nothing that belongs to one configuration.
type realm struct {
	stores  *openStore
	storage certmagic.Storage
	log     *slog.Logger

	once   sync.Once
	cancel context.CancelFunc
	keys   atomic.Pointer[realmKeys]
	loaded chan struct{} // closed when keys is set
	cache  *session.Cache[*admission]

	verifiers atomic.Pointer[eraVerifier]
	outbox    *outbox
	done      sync.WaitGroup
}

// realmKeys are the parts of a realm that need the key ring.
type realmKeys struct {
	tokens *session.Tokens
	view   *session.View
}

// eraVerifier is the verifier of one era.
type eraVerifier struct {
	era      *session.Era
	verifier *otp.Verifier
}

// openStore is a store in the pool. Two realms can share one, for a while, when a secret changes.
type openStore struct {
	store.Store
	key string
}

// Destruct closes the store.
func (s *openStore) Destruct() error { return s.Store.Close() }

var (
	realms = caddy.NewUsagePool()
	stores = caddy.NewUsagePool()
)

// enterRealm finds or founds the realm of a store and a ring; a nil ring stands for the secret in Caddy's storage. Each
// call must be followed by one of leaveRealm.
func enterRealm(m StoreModule, ring *session.KeyRing, storage certmagic.Storage) (*realm, string, error) {
	key := m.StoreKey() + "|made"
	if ring != nil {
		key = m.StoreKey() + "|" + ring.ID()
	}
	pooled, _, err := realms.LoadOrNew(key, func() (caddy.Destructor, error) { return newRealm(m, ring, storage) })
	if err != nil {
		return nil, "", err
	}
	return pooled.(*realm), key, nil
}

func leaveRealm(key string) error {
	_, err := realms.Delete(key)
	return err
}

func newRealm(m StoreModule, ring *session.KeyRing, storage certmagic.Storage) (*realm, error) {
	key := m.StoreKey()
	pooled, _, err := stores.LoadOrNew(key, func() (caddy.Destructor, error) {
		s, err := m.OpenStore()
		return &openStore{Store: s, key: key}, err
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	r := &realm{
		stores: pooled.(*openStore), storage: storage, loaded: make(chan struct{}),
		log: slog.New(caddySlog()), cache: session.NewCache[*admission](), outbox: newOutbox(),
	}
	if ring != nil {
		r.use(ring)
	}
	return r, nil
}

func (r *realm) use(ring *session.KeyRing) {
	r.keys.Store(&realmKeys{
		tokens: session.NewTokens(ring, time.Now),
		view:   session.NewView(r.stores, ring, rand.Reader, time.Now, r.log),
	})
	close(r.loaded)
}

// start begins to follow the store, once.
func (r *realm) start() {
	r.once.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		r.cancel = cancel
		r.done.Go(func() { r.run(ctx) })
	})
}

func (r *realm) run(ctx context.Context) {
	for r.keys.Load() == nil {
		ring, err := loadRing(ctx, r.storage)
		if err == nil {
			r.use(ring)
			break
		}
		r.log.Error("secret cannot be read from Caddy's storage, or kept in it", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
	r.keys.Load().view.Run(ctx)
}

// Destruct waits for texts on their way, in the background unless Caddy is about to exit, and closes the store.
func (r *realm) Destruct() error {
	if !caddy.Exiting() {
		go r.close()
		return nil
	}
	return r.close()
}

func (r *realm) close() error {
	r.once.Do(func() {}) // nothing starts any more
	r.outbox.close(farewell)
	if r.cancel != nil {
		r.cancel()
		r.done.Wait()
	}
	_, err := stores.Delete(r.stores.key)
	return err
}

// known returns the keys and the era, nil when the store has not been heard of. Right after the start it waits a little:
// who comes with a session then must not be taken for a stranger, and sent a text.
func (r *realm) known(ctx context.Context) (*realmKeys, *session.Era) {
	k := r.keys.Load()
	if k != nil {
		if era := k.view.Era(); era != nil {
			return k, era
		}
		if k.view.Fault() != nil {
			return k, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, firstWait)
	defer cancel()
	era, err := r.ready(ctx)
	if err != nil {
		return k, nil
	}
	return r.keys.Load(), era.era
}

// view is the realm's view of its store, nil before the secret is known.
func (r *realm) view() *session.View {
	if k := r.keys.Load(); k != nil {
		return k.view
	}
	return nil
}

// ready waits for keys and era, and returns the verifier of the accounts.
func (r *realm) ready(ctx context.Context) (*eraVerifier, error) {
	r.start()
	select {
	case <-r.loaded:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the secret: %w", ctx.Err())
	}
	era, err := r.view().Wait(ctx)
	if err != nil {
		return nil, err
	}
	return r.verifierOf(era)
}

func (r *realm) verifierOf(era *session.Era) (*eraVerifier, error) {
	if v := r.verifiers.Load(); v != nil && v.era == era {
		return v, nil
	}
	keys, err := otp.NewKeys(era.Epoch.Root)
	if err != nil {
		return nil, err
	}
	v := &eraVerifier{era: era, verifier: otp.NewVerifier(r.stores, keys, rand.Reader)}
	r.verifiers.Store(v)
	return v, nil
}

// secretKey is where a secret that was made is kept in Caddy's storage.
const secretKey = "sms_2fa/secret"

// loadRing reads the secret that was made earlier, or makes it, under a lock that all gateways on that storage share.
func loadRing(ctx context.Context, storage certmagic.Storage) (*session.KeyRing, error) {
	if err := storage.Lock(ctx, secretKey); err != nil {
		return nil, fmt.Errorf("locking secret: %w", err)
	}
	defer storage.Unlock(context.WithoutCancel(ctx), secretKey) //nolint:errcheck // the lock expires
	kept, err := storage.Load(ctx, secretKey)
	if err == nil {
		return session.NewKeyRing(string(kept))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("loading secret: %w", err)
	}
	secret, err := session.NewSecret(rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := storage.Store(ctx, secretKey, []byte(secret)); err != nil {
		return nil, fmt.Errorf("storing secret: %w", err)
	}
	return session.NewKeyRing(secret)
}
