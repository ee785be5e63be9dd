package app

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
)

// healthPause is how often the metrics of the store's health are brought up to date.
const healthPause = time.Second

// watchHealth tells by metrics whether the store answers, also while only verified visitors come, who ask it nothing.
func (b *Backend) watchHealth(ctx context.Context) {
	for {
		f := b.Follower()
		up := 1.0
		if f.State() == nil || f.Fault() != nil {
			up = 0
		}
		metrics.StoreUp.Set(up)
		if f.State() != nil {
			metrics.StoreAge.Set(f.Age().Seconds())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(healthPause):
		}
	}
}
