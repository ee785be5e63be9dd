package providers

import (
	"net/http"
	"slices"
	"sync"
	"testing"
)

// Gateway is a provider whose contract is a few functions.
type Gateway struct {
	*Provider

	// judge holds a request against the documentation: it returns the text, or the code to refuse it with.
	judge func(r *http.Request, said fields) (Text, string)
	// welcome answers for a text that was accepted.
	welcome func(w http.ResponseWriter, t Text)
	// turnAway answers with an error code; a status of 0 is the one that the code comes with.
	turnAway func(w http.ResponseWriter, status int, code string)
	// again returns the code to refuse a text with whose name came before, "" to give the first answer again. Without again,
	// the client's names mean nothing.
	again func(earlier, t Text) string

	mu   sync.Mutex
	said []fields
}

func (g *Gateway) serve(p *Provider, w http.ResponseWriter, r *http.Request, body []byte) {
	said := spell(r, body)
	t, code := g.judge(r, said)
	earlier, repeated := g.earlier(t)
	if code == "" && repeated {
		code = g.again(earlier, t)
	}
	switch {
	case code != "":
		g.turnAway(w, 0, code)
	case repeated:
		g.welcome(w, earlier)
	default:
		g.note(said)
		g.welcome(w, p.take(t))
	}
}

// earlier is the text that was accepted under the same name, where names mean something.
func (g *Gateway) earlier(t Text) (Text, bool) {
	texts := g.Texts()
	i := slices.IndexFunc(texts, func(other Text) bool { return t.Reference != "" && other.Reference == t.Reference })
	if i < 0 || g.again == nil {
		return Text{}, false
	}
	return texts[i], true
}

func (g *Gateway) note(said fields) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.said = append(g.said, said)
}

// Said is all that the request of the n-th text said, by name: the parameters of its query and its form, and the values of its JSON
// by their pointers, numbers and booleans with their kind behind: "/ttl:number". Only gateways remember.
func (p *Provider) Said(n int) map[string]string {
	g, ok := p.contract.(*Gateway)
	if !ok {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if n > len(g.said) {
		return nil
	}
	return g.said[n-1]
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
