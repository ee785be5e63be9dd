package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/caddyserver/certmagic"

	"github.com/caddy-sms-2fa/gateway/session"
)

// secretKey is where a secret that was made is kept in Caddy's storage.
const secretKey = "sms_2fa/secret"

// loadRing reads the secret that was made earlier, or makes it, under a lock that all gateways on that storage share.
func loadRing(ctx context.Context, storage certmagic.Storage, rand io.Reader) (*session.KeyRing, error) {
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
	secret, err := session.NewSecret(rand)
	if err != nil {
		return nil, err
	}
	if err := storage.Store(ctx, secretKey, []byte(secret)); err != nil {
		return nil, fmt.Errorf("storing secret: %w", err)
	}
	return session.NewKeyRing(secret)
}
