package surroundings_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/map"

	"github.com/caddy-sms-2fa/gateway/caddymodule/surroundings"
)

func init() { caddy.RegisterModule(new(lookout)) }

// lookout is a handler that notes what stands around it.
type lookout struct {
	Name string          `json:"name"`
	Rest json.RawMessage `json:"rest,omitempty"`
}

// seen is the surroundings of each lookout, by its name.
var seen sync.Map

func (*lookout) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.lookout", New: func() caddy.Module { return new(lookout) }}
}

func (l *lookout) Provision(ctx caddy.Context) error {
	seen.Store(l.Name, surroundings.Of(ctx, l))
	return nil
}

func (*lookout) ServeHTTP(http.ResponseWriter, *http.Request, caddyhttp.Handler) error { return nil }

// around is what stands around the lookout "here" in routes. Caddy provisions one configuration at a time.
func around(t *testing.T, routes string) *surroundings.Surroundings {
	t.Helper()
	config := fmt.Sprintf(`{
		"admin": {"disabled": true, "config": {"persist": false}},
		"logging": {"logs": {"default": {"level": "ERROR"}}},
		"apps": {"http": {"servers": {"site": {
			"listen": ["127.0.0.1:0"], "routes": [%s],
			"automatic_https": {"skip": ["app.example.com", "other.example.com"]},
			"named_routes": {"named": {"handle": [{"handler": "vars", "who": "{http.request.header.Who}"}]}}
		}}}}
	}`, strings.ReplaceAll(routes, "HERE", `{"rest": {"b": 1, "a": 2}, "name": "here", "handler": "lookout"}`))
	var c caddy.Config
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(&c); err != nil {
		t.Fatal(err)
	}
	found, ok := seen.LoadAndDelete("here")
	if !ok {
		t.Fatal("the handler was not provisioned")
	}
	return found.(*surroundings.Surroundings)
}

const (
	elsewhere = `{"handler": "lookout", "name": "elsewhere"}`
	whoIsID   = `{"handler": "vars", "who": "{http.auth.user.id}"}`
	login     = `{"handler": "authentication"}`
)

func TestPlace(t *testing.T) {
	s := around(t, `
		{"match": [{"host": ["other.example.com"]}], "handle": [
			{"handler": "subroute", "routes": [{"handle": [`+login+`]}]}
		]},
		{"match": [{"host": ["app.example.com"], "method": ["GET", "POST"]}], "handle": [{"handler": "subroute", "routes": [
			{"handle": [{"handler": "vars"}, `+elsewhere+`]},
			{"match": [{"path": ["/a"], "not": [{"header": {"X": ["y"]}}]}], "handle": [{"handler": "vars"}, HERE]}
		]}]}`)
	const place = "of app.example.com (server site, routes/1/handle/0, routes/1/handle/1)"
	if !s.Known || s.AnyHost || s.Place != place {
		t.Errorf("known %v, any host %v, %s", s.Known, s.AnyHost, s.Place)
	}
	if !slices.Equal(s.Methods, []string{"GET", "POST"}) || !slices.Equal(s.OddMatchers(), []string{"header"}) {
		t.Errorf("methods %v, odd matchers %v", s.Methods, s.OddMatchers())
	}
	if !s.WithoutHTTPS("app.example.com") || s.WithoutHTTPS("www.example.com") {
		t.Error("the hosts without HTTPS are others")
	}
}
