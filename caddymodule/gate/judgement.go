package gate

import (
	"fmt"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
)

// maxTrace bounds how many handlers a placeholder is followed through.
const maxTrace = 8

// judge refuses what cannot work where the gate stands, and warns of what is odd there.
func (h *Handler) judge(s surroundings) error {
	if !s.known {
		return nil
	}
	if err := h.judgeSources(s); err != nil {
		return err
	}
	if err := h.judgeCookieDomain(s); err != nil {
		return err
	}
	if err := h.judgeOrigin(s); err != nil {
		return err
	}
	if s.methods != nil && !slices.Contains(s.methods, "POST") {
		return fmt.Errorf("the gate %s stands under a matcher that lets only %s through: its form is sent by POST, and "+
			"would pass the gate by; add POST to the matcher", s.place, strings.Join(s.methods, ", "))
	}
	h.warnOfSecondGate(s)
	return nil
}

// judgeSources follows the placeholders of user to those who set them.
func (h *Handler) judgeSources(s surroundings) error {
	user := s.trace(app.Placeholders(h.User))
	if p, none := app.NamesNobody(user); none {
		return fmt.Errorf("user: %s names no person, because %s %s", h.User, p, p.Why)
	}
	for _, p := range user {
		if p.Control != app.ByFirstFactor {
			h.warnOfForgery(p)
			continue
		}
		if missing := s.missing(p); missing != "" {
			return fmt.Errorf("user: nobody in front of the gate %s sets %s, so nobody could pass: %s", s.place, p, missing)
		}
	}
	return nil
}

// trace follows placeholders through the handlers vars and map in front to what they are made of.
func (s surroundings) trace(all []app.Placeholder) []app.Placeholder {
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
func (s surroundings) assigned(placeholder string) (texts []string, found bool) {
	for _, step := range s.front {
		if more, ok := step.assigned(placeholder); ok {
			texts, found = append(texts, more...), true
		}
	}
	return texts, found
}

// missing says what has to stand in front of the gate so that the placeholder of a first factor has a value; "" where
// such a handler stands there, or where that cannot be told.
func (s surroundings) missing(p app.Placeholder) string {
	if slices.ContainsFunc(s.front, func(step step) bool { return !step.plain() }) {
		return ""
	}
	switch {
	case strings.HasPrefix(p.Name, "http.auth.user."):
		return s.missingLogin()
	case strings.HasPrefix(p.Name, "http.reverse_proxy.") && !has(s.front, "reverse_proxy"):
		return "put forward_auth before it"
	case p.Name == "http.sms_2fa.user" && !has(s.front, moduleName):
		return "no other gate stands before it"
	case strings.HasPrefix(strings.ToLower(p.Name), "http.request.tls.client.") && !s.certificates:
		return "the site asks for no client certificate; write: tls { client_auth { mode require_and_verify … } }"
	}
	return ""
}

func (s surroundings) missingLogin() string {
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

func has(steps []step, name string) bool {
	return slices.ContainsFunc(steps, func(s step) bool { return s.name == name })
}

// judgeCookieDomain makes sure that browsers take the cookies on every host of the gate.
func (h *Handler) judgeCookieDomain(s surroundings) error {
	domain := h.SharedDomain()
	if domain == "" {
		return nil
	}
	for _, host := range s.hosts {
		if !strings.Contains(host, "{") && !app.Covers(domain, host) && !s.servesPlainly(host) {
			return fmt.Errorf("cookie_domain: %q does not cover the host %s of the gate, so browsers would refuse its "+
				"cookies; expected a domain that the host ends with", domain, host)
		}
	}
	if s.anyHost {
		h.log.Warn("cookie_domain is set where the site answers to any host: hosts outside of it cannot be used",
			zap.String("cookie_domain", domain), zap.String("gate", s.place))
	}
	return nil
}

// addressMatchers look at the address alone, which is the same for the page and for its form.
var addressMatchers = []string{"host", "path", "path_regexp", "query", "file", "protocol"}

// warnOfSecondGate warns of a gate beside another one that is met by some requests of an address and not by others.
func (h *Handler) warnOfSecondGate(s surroundings) {
	if s.ownMatchers < 0 {
		return
	}
	var odd []string
	for _, m := range s.matchers[s.ownMatchers:] {
		if !slices.Contains(addressMatchers, m) {
			odd = append(odd, m)
		}
	}
	if len(odd) > 0 {
		h.log.Warn("one of several gates stands under a matcher that looks at more than the address: the form of the page "+
			"may meet another gate, or none; match the path alone", zap.Strings("matchers", odd), zap.String("gate", s.place))
	}
}
