package testenv

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Gateway is a provider whose contract is a few functions.
type Gateway struct {
	*Provider

	// judge holds a request against the documentation: it returns the text, or the code to refuse it with.
	judge func(r *http.Request, body []byte) (Text, string)
	// welcome answers for a text that was accepted.
	welcome func(w http.ResponseWriter, t Text)
	// turnAway answers with an error code; a status of 0 is the one that the code comes with.
	turnAway func(w http.ResponseWriter, status int, code string)
}

func (g *Gateway) serve(p *Provider, w http.ResponseWriter, r *http.Request, body []byte) {
	t, code := g.judge(r, body)
	if code != "" {
		g.turnAway(w, 0, code)
		return
	}
	g.welcome(w, p.take(t))
}

func (g *Gateway) refuse(w http.ResponseWriter, _ *http.Request, status int, code string) {
	if code == "" {
		w.WriteHeader(status)
		return
	}
	g.turnAway(w, status, code)
}

func startGateway(t testing.TB, g *Gateway) *Provider {
	t.Helper()
	g.Provider = startProvider(t, g)
	return g.Provider
}

// decodeStrictly reads JSON and refuses unknown fields.
func decodeStrictly(r *http.Request, body []byte, into any) bool {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	return r.Method == http.MethodPost && r.Header.Get("Content-Type") == "application/json" && d.Decode(into) == nil
}

// fields are the parameters of a query, or of a form. It reports false when there are others than those allowed.
func fields(r *http.Request, body []byte, allowed ...string) (url.Values, bool) {
	form := r.URL.Query()
	if r.Method == http.MethodPost {
		posted, err := url.ParseQuery(string(body))
		if err != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			return nil, false
		}
		for name, values := range posted {
			form[name] = append(form[name], values...)
		}
	}
	for name, values := range form {
		if !slices.Contains(allowed, name) || len(values) != 1 {
			return nil, false
		}
	}
	return form, true
}
