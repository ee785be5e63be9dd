package app

import (
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
)

// gates is what the app knows of the gates of its configuration.
type gates struct {
	policies map[string]otp.Policy // by zone, of its first gate
	count    int
	longest  time.Duration // the longest session that any gate allows
}

// Enlist makes a gate known: its zone, its policy and the longest session that it allows. Caddy provisions handlers
// one after the other, before it serves.
func (a *App) Enlist(zone string, p otp.Policy, longest time.Duration) {
	g := &a.gates
	g.count++
	g.longest = max(g.longest, longest)
	if g.policies == nil {
		g.policies = make(map[string]otp.Policy)
	}
	if _, known := g.policies[zone]; !known {
		g.policies[zone] = p
	}
}

// SeveralGates reports whether a request may pass more than one gate.
func (a *App) SeveralGates() bool { return a.gates.count > 1 }

// PolicyOf is the policy of a zone; the default policy where no gate is left that has the zone.
func (a *App) PolicyOf(zone string) otp.Policy {
	if p, known := a.gates.policies[zone]; known {
		return p
	}
	return otp.DefaultPolicy()
}
