package app

import (
	"context"

	"github.com/caddy-sms-2fa/gateway/register"
)

// opened is the register of the store in one epoch.
type opened struct {
	epoch    string
	register *register.Register
}

// Register is the register of proven numbers in the store.
func (b *Backend) Register(ctx context.Context) (*register.Register, error) {
	accounts, err := b.Ready(ctx)
	if err != nil {
		return nil, err
	}
	epoch := accounts.State.Epoch.ID
	if o := b.register.Load(); o != nil && o.epoch == epoch {
		return o.register, nil
	}
	r, err := register.Open(ctx, b.stores, registerKeys(b.keys.Load().ring), b.rand)
	if err != nil {
		return nil, err
	}
	b.register.Store(&opened{epoch, r})
	return r, nil
}
