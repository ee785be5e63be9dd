package providers

import (
	"net/http"
	"slices"
	"sync"
	"testing"
)

// smsServer is a provider whose contract is a few functions.
type smsServer struct {
	*Provider

	// judge holds a request against the documentation: it returns the text, or the code to refuse it with.
	judge func(r *http.Request, said fields) (Text, string)
	// welcome answers for a text that was accepted.
	welcome func(w http.ResponseWriter, t Text)
	// turnAway answers with an error code; a status of 0 is the one that the code comes with.
	turnAway func(w http.ResponseWriter, status int, code string)
	// repeated returns the error code for a text that has the client's name of an earlier text, "" for the answer that
	// the earlier text got. Where repeated is nil, the client's names mean nothing.
	repeated func(earlier, t Text) string

	mu   sync.Mutex
	said []fields
}

func (s *smsServer) serve(p *Provider, w http.ResponseWriter, r *http.Request, body []byte) {
	said := spell(r, body)
	t, code := s.judge(r, said)
	earlier, known := s.earlier(t)
	if code == "" && known {
		code = s.repeated(earlier, t)
	}
	switch {
	case code != "":
		s.turnAway(w, 0, code)
	case known:
		s.welcome(w, earlier)
	default:
		s.note(said)
		s.welcome(w, p.take(t))
	}
}

// earlier is the text that was accepted under the same name, where names mean something.
func (s *smsServer) earlier(t Text) (Text, bool) {
	texts := s.Texts()
	i := slices.IndexFunc(texts, func(other Text) bool { return t.Reference != "" && other.Reference == t.Reference })
	if i < 0 || s.repeated == nil {
		return Text{}, false
	}
	return texts[i], true
}

func (s *smsServer) note(said fields) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, said)
}

// Said is all that the request of the n-th text said, by name: the parameters of its query and its form, and the
// values of its JSON by their pointers, numbers and booleans with their kind behind: "/ttl:number". Only an smsServer
// remembers.
func (p *Provider) Said(n int) map[string]string {
	s, ok := p.contract.(*smsServer)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > len(s.said) {
		return nil
	}
	return s.said[n-1]
}

func (s *smsServer) refuse(w http.ResponseWriter, _ *http.Request, status int, code string) {
	if code == "" {
		w.WriteHeader(status)
		return
	}
	s.turnAway(w, status, code)
}

func startSMSServer(t testing.TB, s *smsServer) *Provider {
	t.Helper()
	s.Provider = startProvider(t, s)
	return s.Provider
}
