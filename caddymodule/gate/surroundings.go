package gate

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddytls"
)

// surroundings are what stands around a gate in the routes of its server. They are looked at while Caddy provisions
// the gate: handlers in front are loaded already, and those behind are still text.
type surroundings struct {
	// known is false where the routes cannot be told: in a named route, in error routes, or inside a handler of a
	// plugin. Nothing is judged then.
	known bool
	// place is where the gate stands, for the operator.
	place string
	// hosts are those that the gate answers to. anyHost says that there are others, too.
	hosts   []string
	anyHost bool
	// matchers are the kinds of matchers on the way, and methods the methods that pass, nil for all.
	matchers []string
	methods  []string
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

// lookAround finds the surroundings of a gate that is being provisioned, before anything of the gate is changed.
func lookAround(ctx caddy.Context) surroundings {
	server, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	lineage := ctx.Modules()
	first := slices.IndexFunc(lineage, func(m caddy.Module) bool { _, ok := m.(*caddyhttp.App); return ok })
	if server == nil || first < 0 {
		return surroundings{place: "in no server", anyHost: true}
	}
	s := surroundings{known: true, anyHost: true, ownMatchers: -1, certificates: asksForCertificates(server)}
	if auto := server.AutoHTTPS; auto != nil && len(server.TLSConnPolicies) == 0 {
		s.plain, s.plainAll = auto.Skip, auto.Disabled
	}
	path := "server " + nameOf(server, lineage[first].(*caddyhttp.App))
	routes := server.Routes
	for _, m := range lineage[first+1:] {
		route := underWay(routes)
		if route < 0 {
			s.known = false
			break
		}
		handler := indexOf(routes[route].HandlersRaw, m)
		if handler < 0 {
			s.known = false
			break
		}
		path += fmt.Sprintf(", routes/%d/handle/%d", route, handler)
		s.enter(routes, route, handler)
		if inner, ok := m.(*caddyhttp.Subroute); ok {
			routes = inner.Routes
			continue
		}
		_, s.known = m.(*Handler)
		break
	}
	s.front = expand(s.front, server.NamedRoutes, maxInvoked)
	s.behind = expand(s.behind, server.NamedRoutes, maxInvoked)
	s.place = s.name() + " (" + path + ")"
	return s
}

// name is the hosts and paths of the gate.
func (s *surroundings) name() string {
	if s.anyHost {
		return "of any host"
	}
	return "of " + strings.Join(s.hosts, ", ")
}

// nameOf is the name of a server, as it stands in the configuration.
func nameOf(server *caddyhttp.Server, app *caddyhttp.App) string {
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

// underWay is the route that is being provisioned: the first one whose handlers are still text. -1 when there is none.
func underWay(routes caddyhttp.RouteList) int {
	return slices.IndexFunc(routes, func(r caddyhttp.Route) bool {
		return len(r.Handlers) == 0 && len(r.HandlersRaw) > 0
	})
}

// indexOf finds the text of a module that is being provisioned among its neighbours; -1 when it is not there.
func indexOf(texts []json.RawMessage, m caddy.Module) int {
	return slices.IndexFunc(texts, func(text json.RawMessage) bool {
		if nameIn(text) != m.CaddyModule().ID.Name() {
			return false
		}
		switch m := m.(type) {
		case *caddyhttp.Subroute:
			return sameRest(text, m.Routes)
		case *Handler:
			return sameGate(text, m)
		}
		return true
	})
}

// sameGate reports whether a text describes a gate. The gate must be as Caddy has read it.
func sameGate(text json.RawMessage, h *Handler) bool {
	written := new(Handler)
	if json.Unmarshal(text, written) != nil {
		return false
	}
	one, err := json.Marshal(written)
	other, otherErr := json.Marshal(h)
	return err == nil && otherErr == nil && sameJSON(one, other)
}

// sameRest reports whether the routes of a subroute, as they are written in text, agree with those of a subroute that
// is being provisioned in all that is still text there.
func sameRest(text json.RawMessage, routes caddyhttp.RouteList) bool {
	var written caddyhttp.Subroute
	if json.Unmarshal(text, &written) != nil || len(written.Routes) != len(routes) {
		return false
	}
	for i := max(underWay(routes), 0); i < len(routes); i++ {
		if !slices.EqualFunc(routes[i].HandlersRaw, written.Routes[i].HandlersRaw, sameJSON) {
			return false
		}
	}
	return true
}

// sameJSON reports whether two texts mean the same: Caddy writes what is inside a handler anew when it loads it.
func sameJSON(a, b json.RawMessage) bool {
	var one, other any
	return json.Unmarshal(a, &one) == nil && json.Unmarshal(b, &other) == nil && reflect.DeepEqual(one, other)
}

// enter takes the step into a handler of a route.
func (s *surroundings) enter(routes caddyhttp.RouteList, route, handler int) {
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
	if s.ownMatchers < 0 && (has(s.front, moduleName) || has(s.behind, moduleName)) {
		s.ownMatchers = len(s.matchers)
	}
	s.match(here.MatcherSets)
}

// servesPlainly reports whether a host is a loopback host that is served without HTTPS, where cookies have no domain.
func (s surroundings) servesPlainly(host string) bool {
	return loopback(host) && (s.plainAll || slices.Contains(s.plain, host))
}

// match notes the matchers of a route on the way. A request passes if one set matches, so hosts and methods are bound
// only where every set binds them.
func (s *surroundings) match(sets caddyhttp.MatcherSets) {
	var hosts, methods []string
	anyHost, anyMethod := len(sets) == 0, len(sets) == 0
	for _, set := range sets {
		hostsHere, methodsHere := []string(nil), []string(nil)
		for _, m := range set {
			switch m := m.(type) {
			case *caddyhttp.MatchHost:
				hostsHere = *m
			case *caddyhttp.MatchMethod:
				methodsHere = *m
			}
			s.matchers = append(s.matchers, kindsOf(m)...)
		}
		hosts, methods = append(hosts, hostsHere...), append(methods, methodsHere...)
		anyHost, anyMethod = anyHost || hostsHere == nil, anyMethod || methodsHere == nil
	}
	if !anyHost {
		s.hosts, s.anyHost = hosts, false
	}
	if !anyMethod {
		s.methods = methods
	}
}

// kindsOf are the kinds of a matcher, those inside "not" in its place.
func kindsOf(matcher any) []string {
	not, ok := matcher.(*caddyhttp.MatchNot)
	if !ok {
		return []string{caddy.GetModuleName(matcher)}
	}
	var kinds []string
	for _, set := range not.MatcherSets {
		for _, m := range set {
			kinds = append(kinds, kindsOf(m)...)
		}
	}
	return kinds
}
