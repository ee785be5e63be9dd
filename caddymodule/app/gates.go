package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// gates is what the app knows of the gates of its configuration.
type gates struct {
	enlisted []Gate
	longest  time.Duration // the longest session that any gate allows
}

// Gate is what the app knows of a gate.
type Gate struct {
	Zone   string
	Policy otp.Policy
	// Session is the longest session that the gate allows.
	Session time.Duration
	// Basis is what a verification at this gate rests on.
	Basis Basis
	// Place says where the gate stands, for the operator.
	Place string
	// Directory is asked for the numbers of the gate's users.
	Directory guest.Directory
	// Cookie says which browsers' cookies the gate shares with others.
	Cookie CookieReach
}

// CookieReach is where the cookies of a gate are sent to.
type CookieReach struct {
	// Hosts are the hosts that the gate answers to. AnyHost says that there are others, too.
	Hosts   []string
	AnyHost bool
	// Domain is the domain whose subdomains share the cookies, "" when they belong to one host.
	Domain string
	// Bind is the placeholder to which a verification is bound, "" without one.
	Bind string
}

// meets reports whether a browser may hold one cookie for both gates.
func (c CookieReach) meets(other CookieReach) bool {
	if c.Domain != "" || other.Domain != "" {
		return c.Domain == other.Domain
	}
	return c.AnyHost && other.AnyHost || slices.ContainsFunc(c.Hosts, func(h string) bool {
		return slices.Contains(other.Hosts, h)
	})
}

// Enlist makes a gate known. Caddy provisions handlers one after the other, before it serves. The error names a gate
// of the same zone with which the gate does not go together.
func (a *App) Enlist(g Gate) error {
	if err := g.Fits(a.gates.enlisted); err != nil {
		return err
	}
	a.gates.enlisted = append(a.gates.enlisted, g)
	a.gates.longest = max(a.gates.longest, g.Session)
	return nil
}

// Fits says why a gate does not go together with others.
func (g Gate) Fits(others []Gate) error {
	for _, other := range others {
		if other.Zone != g.Zone {
			continue
		}
		if d := other.Basis.differs(g.Basis); d != "" {
			return fmt.Errorf("zone: two gates are in the zone %q, but differ in %s; the first one is the gate %s, the "+
				"second one the gate %s; a verification at one of them opens the other, so give one of them a zone of "+
				"its own, like: zone second", g.Zone, d, other.Place, g.Place)
		}
		if other.Cookie.Bind != g.Cookie.Bind && other.Cookie.meets(g.Cookie) {
			return fmt.Errorf("bind: two gates in the zone %q share a cookie, but differ in bind (%s, and %s), so each "+
				"would throw out whom the other has verified; the first one is the gate %s, the second one the gate %s; "+
				"write the same bind, or give one of them a zone of its own, like: zone second",
				g.Zone, orNone(other.Cookie.Bind), orNone(g.Cookie.Bind), other.Place, g.Place)
		}
	}
	return nil
}

// SeveralGates reports whether a request may pass more than one gate.
func (a *App) SeveralGates() bool { return len(a.gates.enlisted) > 1 }

// PolicyOf is the policy of a zone; the default policy where no gate is left that has the zone.
func (a *App) PolicyOf(zone string) otp.Policy {
	for _, g := range a.gates.enlisted {
		if g.Zone == zone {
			return g.Policy
		}
	}
	return otp.DefaultPolicy()
}

// OnFile reports whether the directory of a zone has a number for a subject. A directory that cannot tell has none.
func (a *App) OnFile(ctx context.Context, s otp.Subject) bool {
	for _, g := range a.gates.enlisted {
		if g.Zone == s.Zone && g.Directory != nil {
			numbers, err := g.Directory.Lookup(ctx, directory.Person{Name: s.Name, Given: s.Name})
			return len(numbers) > 0 && err == nil
		}
	}
	return false
}

// Zones are the zones of the gates, sorted.
func (a *App) Zones() []string {
	var zones []string
	for _, g := range a.gates.enlisted {
		zones = append(zones, g.Zone)
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}
