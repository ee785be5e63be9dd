// Package surroundings finds what stands around a gate in the routes of its server: the hosts and methods that reach
// it, the handlers in front of it and behind it, and what those in front set placeholders to. The gate refuses what
// cannot work there, and warns of what is odd.
//
// The routes are looked at while Caddy provisions the gate, and at no other time: the handlers in front are loaded
// already, those behind are still text, and by this boundary the gate finds its own place.
//
// Some things cannot be known: where a gate stands that is in a named route, in error routes, or inside a handler of a
// plugin; what a plugin or a named route in front does to a request; and whether a handler in front answers a request
// itself, or a matcher keeps the request from that handler. [Surroundings.Missing] misses nothing where such a handler
// may be what it looks for.
package surroundings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddytls"
)

// Surroundings are what stands around a gate.
type Surroundings struct {
	// Known is false where the routes cannot be followed to the gate. The rest is then what was found on the way, and
	// nothing should be judged by what is not there.
	Known bool
	// Place is where the gate stands, for the operator: "of app.example.com (server srv0, routes/0/handle/1)".
	Place string
	// Hosts are those that the gate answers to, as matchers have them. AnyHost says that there are others, too.
	Hosts   []string
	AnyHost bool
	// Methods are the methods of requests that reach the gate, nil for all.
	Methods []string

	// gate is the name of the gate's module.
	gate string
	// matchers are the kinds of matchers on the way.
	matchers []string
	// ownMatchers is how many of the matchers the gate has in common with another gate around it; -1 when there is no
	// other one.
	ownMatchers int
	// front are the handlers in front, behind those behind, in their order.
	front, behind []step
	// certificates tells that the server asks for client certificates.
	certificates bool
	// plain are hosts that the server serves without HTTPS; plainAll says that these are all.
	plain    []string
	plainAll bool
}

// Of finds the surroundings of a gate, with the context that its Provision was given, and before anything of the gate
// is changed: the gate is found in the routes by its configuration. Outside of a server, they are not known.
func Of(ctx caddy.Context, gate caddy.Module) *Surroundings {
	server, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	lineage := ctx.Modules()
	first := slices.IndexFunc(lineage, func(m caddy.Module) bool { _, ok := m.(*caddyhttp.App); return ok })
	if server == nil || first < 0 {
		return &Surroundings{Place: "in no server", AnyHost: true, ownMatchers: -1}
	}
	s := &Surroundings{
		Known: true, AnyHost: true, gate: nameOf(gate), ownMatchers: -1, certificates: asksForCertificates(server),
	}
	if auto := server.AutoHTTPS; auto != nil && len(server.TLSConnPolicies) == 0 {
		s.plain, s.plainAll = auto.Skip, auto.Disabled
	}
	path := "server " + serverName(server, lineage[first].(*caddyhttp.App))
	routes := server.Routes
	for _, m := range lineage[first+1:] {
		route := underWay(routes)
		if route < 0 {
			s.Known = false
			break
		}
		handler := indexOf(routes[route].HandlersRaw, m, gate)
		if handler < 0 {
			s.Known = false
			break
		}
		path += fmt.Sprintf(", routes/%d/handle/%d", route, handler)
		s.enter(routes, route, handler)
		if inner, ok := m.(*caddyhttp.Subroute); ok {
			routes = inner.Routes
			continue
		}
		s.Known = m == gate
		break
	}
	s.front = expand(s.front, server.NamedRoutes, maxInvoked)
	s.behind = expand(s.behind, server.NamedRoutes, maxInvoked)
	s.Place = s.name() + " (" + path + ")"
	return s
}

// name is the hosts of the gate.
func (s *Surroundings) name() string {
	if s.AnyHost {
		return "of any host"
	}
	return "of " + strings.Join(s.Hosts, ", ")
}

// serverName is the name of a server, as it stands in the configuration.
func serverName(server *caddyhttp.Server, app *caddyhttp.App) string {
	for name, s := range app.Servers {
		if s == server {
			return name
		}
	}
	return "?"
}

func asksForCertificates(s *caddyhttp.Server) bool {
	return slices.ContainsFunc(s.TLSConnPolicies, func(p *caddytls.ConnectionPolicy) bool {
		return p.ClientAuthentication != nil
	})
}

// enter takes the step into a handler of a route.
func (s *Surroundings) enter(routes caddyhttp.RouteList, route, handler int) {
	here := &routes[route]
	for i := range routes {
		other := &routes[i]
		alternative := here.Group != "" && other.Group == here.Group
		switch {
		case i < route && !alternative && !other.Terminal:
			s.front = append(s.front, stepsOf(other.Handlers)...)
		case i > route && !alternative && !here.Terminal:
			s.behind = append(s.behind, stepsIn(other.HandlersRaw)...)
		}
	}
	s.front = append(s.front, stepsIn(here.HandlersRaw[:handler])...)
	s.behind = append(stepsIn(here.HandlersRaw[handler+1:]), s.behind...)
	if s.ownMatchers < 0 && (has(s.front, s.gate) || has(s.behind, s.gate)) {
		s.ownMatchers = len(s.matchers)
	}
	s.match(here.MatcherSets)
}

// WithoutHTTPS reports whether the operator has the server serve a host without HTTPS.
func (s *Surroundings) WithoutHTTPS(host string) bool {
	return s.plainAll || slices.Contains(s.plain, host)
}
