package surroundings

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// underWay is the route that is being provisioned: the first one whose handlers are still text. -1 when there is none.
func underWay(routes caddyhttp.RouteList) int {
	return slices.IndexFunc(routes, func(r caddyhttp.Route) bool {
		return len(r.Handlers) == 0 && len(r.HandlersRaw) > 0
	})
}

// indexOf finds the text of a module that is being provisioned among its neighbours; -1 when it is not there. Of a
// plugin's handler, only the name is compared.
func indexOf(texts []json.RawMessage, m, gate caddy.Module) int {
	return slices.IndexFunc(texts, func(text json.RawMessage) bool {
		if nameIn(text) != nameOf(m) {
			return false
		}
		if inner, ok := m.(*caddyhttp.Subroute); ok {
			return sameRest(text, inner.Routes)
		}
		return m != gate || describes(text, gate)
	})
}

// nameOf is the name of a module among those of its kind.
func nameOf(m caddy.Module) string { return m.CaddyModule().ID.Name() }

// describes reports whether a text describes a gate. The gate must be as Caddy has read it.
func describes(text json.RawMessage, gate caddy.Module) bool {
	written := gate.CaddyModule().New()
	if json.Unmarshal(text, written) != nil {
		return false
	}
	one, err := json.Marshal(written)
	other, otherErr := json.Marshal(gate)
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
