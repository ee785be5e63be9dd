package app

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store"
)

// Policy is what the options say about codes and texts. Each option that is left open has its default.
func (o Options) Policy() (otp.Policy, error) {
	o = o.Or(Defaults())
	p := otp.DefaultPolicy()
	p.CodeLength, p.CodeTTL, p.Attempts = o.CodeLength, time.Duration(*o.CodeTTL), o.Attempts
	p.Block, p.ResendAfter = time.Duration(*o.Block), time.Duration(*o.ResendAfter)
	if o.Sends != nil {
		sends, err := parseSends(o.Sends)
		if err != nil {
			return p, err
		}
		p.Sends = sends
	}
	return p, p.Validate()
}

// parseSends reads limits like "5 per 10m".
func parseSends(limits []string) ([]store.Limit, error) {
	var sends []store.Limit
	for _, l := range limits {
		words := strings.Fields(l)
		if len(words) != 3 || words[1] != "per" {
			return nil, fmt.Errorf("sends: %q is not like \"5 per 10m\"", l)
		}
		n, err := strconv.Atoi(words[0])
		if err != nil {
			return nil, fmt.Errorf("sends: %q is not a number of texts", words[0])
		}
		per, err := caddy.ParseDuration(words[2])
		if err != nil {
			return nil, fmt.Errorf("sends: %q is not a duration like \"10m\"", words[2])
		}
		sends = append(sends, store.Limit{Max: n, Per: per})
	}
	return sends, nil
}
