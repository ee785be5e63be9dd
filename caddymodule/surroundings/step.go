package surroundings

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// step is one handler on the way of a request.
type step struct {
	name   string          // of its module, like "authentication"
	config json.RawMessage // its configuration, without routes inside it
}

// stepsOf are the steps of handlers that are loaded, those inside them in their place.
func stepsOf(handlers []caddyhttp.MiddlewareHandler) []step {
	var steps []step
	for _, h := range handlers {
		switch h := h.(type) {
		case *caddyhttp.Subroute:
			for i := range h.Routes {
				steps = append(steps, stepsOf(h.Routes[i].Handlers)...)
			}
			continue
		case *reverseproxy.Handler:
			steps = append(steps, step{name: "reverse_proxy"})
			for _, response := range h.HandleResponse {
				for i := range response.Routes {
					steps = append(steps, stepsOf(response.Routes[i].Handlers)...)
				}
			}
			continue
		}
		config, _ := json.Marshal(h)
		steps = append(steps, step{caddy.GetModuleName(h), config})
	}
	return steps
}

// nested are the routes inside a handler that is still text.
type nested struct {
	Handler        string              `json:"handler"`
	Routes         caddyhttp.RouteList `json:"routes"`
	HandleResponse []struct {
		Routes caddyhttp.RouteList `json:"routes"`
	} `json:"handle_response"`
}

// stepsIn are the steps of handlers that are still text.
func stepsIn(handlers []json.RawMessage) []step {
	var steps []step
	for _, text := range handlers {
		var n nested
		if json.Unmarshal(text, &n) != nil {
			continue
		}
		if n.Handler != "subroute" {
			steps = append(steps, step{n.Handler, text})
		}
		for _, response := range n.HandleResponse {
			n.Routes = append(n.Routes, response.Routes...)
		}
		for _, route := range n.Routes {
			steps = append(steps, stepsIn(route.HandlersRaw)...)
		}
	}
	return steps
}

// nameIn is the name of a handler's module in its text.
func nameIn(text json.RawMessage) string {
	var n nested
	_ = json.Unmarshal(text, &n)
	return n.Handler
}

// maxInvoked bounds how deep named routes invoke each other.
const maxInvoked = 4

// expand puts the handlers of named routes behind the steps that invoke them. The named routes must still be text.
func expand(steps []step, named map[string]*caddyhttp.Route, depth int) []step {
	var all []step
	for _, s := range steps {
		all = append(all, s)
		var invoked struct {
			Name string `json:"name"`
		}
		if s.name != "invoke" || depth == 0 || json.Unmarshal(s.config, &invoked) != nil {
			continue
		}
		if route := named[invoked.Name]; route != nil {
			all = append(all, expand(stepsIn(route.HandlersRaw), named, depth-1)...)
		}
	}
	return all
}

// plain reports whether a step is a handler of Caddy's own, or a gate, so that it is known which placeholders the step
// sets by itself. What a plugin sets, and what a named route holds, is not known here.
func (s step) plain(gate string) bool {
	if s.name == "invoke" {
		return false
	}
	info, err := caddy.GetModule("http.handlers." + s.name)
	if err != nil {
		return false
	}
	kind := reflect.TypeOf(info.New())
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	return strings.HasPrefix(kind.PkgPath(), "github.com/caddyserver/caddy/v2/") || s.name == gate
}

// assigned is what a step sets a placeholder to, as texts with placeholders; false when it does not set it.
func (s step) assigned(placeholder string) ([]string, bool) {
	switch s.name {
	case "vars":
		return s.variable(placeholder)
	case "map":
		return s.mapped(placeholder)
	}
	return nil, false
}

// variable is what the handler vars sets a placeholder to: by its name as a variable, or as it is.
func (s step) variable(placeholder string) ([]string, bool) {
	var variables map[string]any
	_ = json.Unmarshal(s.config, &variables)
	for _, name := range []string{placeholder, strings.TrimPrefix(placeholder, "http.vars.")} {
		if value, ok := variables[name].(string); ok {
			return []string{value}, true
		}
	}
	return nil, false
}

// mapped is what the handler map sets a placeholder to. Its source chooses among the outputs, so it counts as well.
func (s step) mapped(placeholder string) ([]string, bool) {
	var m struct {
		Source       string   `json:"source"`
		Destinations []string `json:"destinations"`
		Mappings     []struct {
			Outputs []any `json:"outputs"`
		} `json:"mappings"`
		Defaults []string `json:"defaults"`
	}
	_ = json.Unmarshal(s.config, &m)
	if !slices.ContainsFunc(m.Destinations, func(d string) bool { return strings.Trim(d, "{}") == placeholder }) {
		return nil, false
	}
	texts := append(m.Defaults, m.Source)
	for _, mapping := range m.Mappings {
		for _, output := range mapping.Outputs {
			if text, ok := output.(string); ok {
				texts = append(texts, text)
			}
		}
	}
	return texts, true
}

func has(steps []step, name string) bool {
	return slices.ContainsFunc(steps, func(s step) bool { return s.name == name })
}
