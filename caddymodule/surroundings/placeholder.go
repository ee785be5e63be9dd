package surroundings

import (
	"slices"
	"strings"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
)

// maxTrace bounds how many handlers a placeholder is followed through.
const maxTrace = 8

// Trace follows placeholders through the handlers vars and map in front to what they are made of. A placeholder that
// neither of them sets stays as it is.
func (s *Surroundings) Trace(all []app.Placeholder) []app.Placeholder {
	for range maxTrace {
		var next []app.Placeholder
		followed := false
		for _, p := range all {
			texts, found := s.assigned(p.Name)
			if !found {
				next = append(next, p)
				continue
			}
			followed = true
			for _, text := range texts {
				next = append(next, app.Placeholders(text)...)
			}
		}
		if all = next; !followed {
			break
		}
	}
	return all
}

// assigned is what the handlers in front set a placeholder to.
func (s *Surroundings) assigned(placeholder string) (texts []string, found bool) {
	for _, step := range s.front {
		if more, ok := step.assigned(placeholder); ok {
			texts, found = append(texts, more...), true
		}
	}
	return texts, found
}

// Missing says what has to stand in front of the gate so that the placeholder of a first factor has a value; "" where
// such a handler stands there, or where that cannot be told.
func (s *Surroundings) Missing(p app.Placeholder) string {
	if slices.ContainsFunc(s.front, func(step step) bool { return !step.plain(s.gate) }) {
		return ""
	}
	switch {
	case strings.HasPrefix(p.Name, "http.auth.user."):
		return s.missingLogin()
	case strings.HasPrefix(p.Name, "http.reverse_proxy.") && !has(s.front, "reverse_proxy"):
		return "put forward_auth before it"
	case p.Name == "http.sms_2fa.user" && !has(s.front, s.gate):
		return "no other gate stands before it"
	case strings.HasPrefix(strings.ToLower(p.Name), "http.request.tls.client.") && !s.certificates:
		return "the site asks for no client certificate; write: tls { client_auth { mode require_and_verify … } }"
	}
	return ""
}

func (s *Surroundings) missingLogin() string {
	switch {
	case has(s.front, "authentication"):
		return ""
	case has(s.behind, "authentication"):
		return "basic_auth stands behind sms_2fa; write it before sms_2fa"
	case has(s.front, "reverse_proxy"):
		return "forward_auth sets another placeholder; write: user {http.reverse_proxy.header.Remote-User}"
	}
	return "put a first factor before it, like basic_auth or forward_auth"
}
