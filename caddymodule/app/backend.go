package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"

	"github.com/caddy-sms-2fa/gateway/caddymodule/live"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
)

// firstWait bounds how long a request waits for the first word of the store.
const firstWait = 300 * time.Millisecond

// Backend is one store and one set of secrets, with all that depends on both. It stays as long as a configuration uses
// it, so a reload loses nothing. It holds nothing that belongs to one configuration.
type Backend struct {
	stores  *openStore
	storage certmagic.Storage
	clock   func() time.Time
	rand    io.Reader
	log     *slog.Logger

	once   sync.Once
	cancel context.CancelFunc
	done   sync.WaitGroup

	keys     atomic.Pointer[Keys]
	loaded   chan struct{} // closed when keys is set
	accounts atomic.Pointer[Accounts]
	register atomic.Pointer[opened]
	outbox   *Outbox
	live     live.Requests
}

// Keys are the parts of a backend that need the key ring.
type Keys struct {
	Tokens   *session.Tokens
	Follower *session.Follower
	ring     *session.KeyRing
}

// Accounts are the accounts of the store in one epoch.
type Accounts struct {
	State    *session.State
	Verifier *otp.Verifier
}

func (b *Backend) use(ring *session.KeyRing) {
	b.keys.Store(&Keys{
		Tokens:   session.NewTokens(ring, b.clock),
		Follower: session.NewFollower(b.stores, ring, b.rand, b.clock, b.log),
		ring:     ring,
	})
	close(b.loaded)
}

// Start begins to follow the store, once.
func (b *Backend) Start() {
	b.once.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		b.cancel = cancel
		b.done.Go(func() { b.run(ctx) })
	})
}

func (b *Backend) run(ctx context.Context) {
	for b.keys.Load() == nil {
		ring, err := loadRing(ctx, b.storage, b.rand)
		if err == nil {
			b.use(ring)
			break
		}
		b.log.Error("secret cannot be read from Caddy's storage, or kept in it", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
	b.done.Go(func() { b.renewRegister(ctx) })
	b.done.Go(func() { b.watchConditions(ctx) })
	b.done.Go(func() { b.watchHealth(ctx) })
	b.keys.Load().Follower.Run(ctx)
}

// Destruct waits for texts on their way, in the background unless Caddy is about to exit, and closes the store. In the
// background it also waits for the requests that were let through: as long as they live, revocations must be heard.
func (b *Backend) Destruct() error {
	if !caddy.Exiting() {
		go b.close()
		return nil
	}
	return b.close()
}

func (b *Backend) close() error {
	b.once.Do(func() {}) // nothing starts any more
	b.outbox.close(farewell)
	if !caddy.Exiting() {
		b.live.Wait()
	}
	if b.cancel != nil {
		b.cancel()
		b.done.Wait()
	}
	_, err := stores.Delete(b.stores.key)
	return err
}

// Outbox is the texts on their way.
func (b *Backend) Outbox() *Outbox { return b.outbox }

// Live are the requests that gates of this backend have let through and that are not answered yet.
func (b *Backend) Live() *live.Requests { return &b.live }

// Keys are the parts that need the key ring, nil before the secret is known.
func (b *Backend) Keys() *Keys { return b.keys.Load() }

// Follower follows the store, nil before the secret is known.
func (b *Backend) Follower() *session.Follower {
	if k := b.keys.Load(); k != nil {
		return k.Follower
	}
	return nil
}

// Known returns the keys and the state of the store; the state is nil when the store has not been heard of. Right
// after the start Known waits a little: a visitor who comes with a session then must not be taken for a stranger, and
// be sent a text.
func (b *Backend) Known(ctx context.Context) (*Keys, *session.State) {
	k := b.keys.Load()
	if k != nil {
		if state := k.Follower.State(); state != nil {
			return k, state
		}
		if k.Follower.Fault() != nil {
			return k, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, firstWait)
	defer cancel()
	accounts, err := b.Ready(ctx)
	if err != nil {
		return k, nil
	}
	return b.keys.Load(), accounts.State
}

// Recent returns the keys and the state of the store, as Known does; the state is nil when the store has not been
// heard of within a time before now. Right after a machine was halted, or its clock was put forward, Recent waits a
// little.
func (b *Backend) Recent(ctx context.Context, now time.Time, within time.Duration) (*Keys, *session.State) {
	k, state := b.Known(ctx)
	if state == nil {
		return k, nil
	}
	if recent := k.Follower.Recent(now, within); recent != nil || k.Follower.Fault() != nil {
		return k, recent
	}
	ctx, cancel := context.WithTimeout(ctx, firstWait)
	defer cancel()
	state, _ = k.Follower.WaitRecent(ctx, within)
	return k, state
}

// Ready waits for the secret and the store, and returns the accounts. The error says what did not come.
func (b *Backend) Ready(ctx context.Context) (*Accounts, error) {
	b.Start()
	select {
	case <-b.loaded:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the secret: %w", ctx.Err())
	}
	state, err := b.Follower().Wait(ctx)
	if err != nil {
		return nil, err
	}
	return b.AccountsOf(state)
}

// AccountsOf returns the accounts of the store in a state.
func (b *Backend) AccountsOf(state *session.State) (*Accounts, error) {
	if a := b.accounts.Load(); a != nil && a.State == state {
		return a, nil
	}
	keys, err := otp.NewKeys(state.Epoch.Root, codeKeys(b.keys.Load().ring)...)
	if err != nil {
		return nil, err
	}
	a := &Accounts{State: state, Verifier: otp.NewVerifier(b.stores, keys, b.rand)}
	b.accounts.Store(a)
	return a, nil
}

// codeKeys are what the secrets contribute to codes.
func codeKeys(ring *session.KeyRing) []otp.CodeKey {
	var keys []otp.CodeKey
	for _, k := range ring.CodeKeys() {
		keys = append(keys, otp.CodeKey(k))
	}
	return keys
}
