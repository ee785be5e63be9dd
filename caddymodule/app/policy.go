package app

import (
	"time"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// Policy is what the options say about codes and texts. Each option that is left open has its default.
func (o Options) Policy() (otp.Policy, error) {
	o = o.Or(Defaults())
	p := otp.DefaultPolicy()
	p.CodeLength, p.CodeTTL, p.Attempts = o.CodeLength, time.Duration(*o.CodeTTL), o.Attempts
	p.Block, p.ResendAfter = time.Duration(*o.Block), time.Duration(*o.ResendAfter)
	if o.Sends != nil {
		sends, err := guest.ParseLimits("sends", o.Sends, "")
		if err != nil {
			return p, err
		}
		p.Sends = sends
	}
	return p, p.Validate()
}
