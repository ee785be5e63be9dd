package gate

import (
	"fmt"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/surroundings"
)

// judge refuses what cannot work where the gate stands, and warns of what is odd there.
func (h *Handler) judge(s *surroundings.Surroundings) error {
	if !s.Known {
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
	if s.Methods != nil && !slices.Contains(s.Methods, "POST") {
		return fmt.Errorf("the gate %s stands under a matcher that lets only %s through: its form is sent by POST, and "+
			"would pass the gate by; add POST to the matcher", s.Place, strings.Join(s.Methods, ", "))
	}
	h.warnOfSecondGate(s)
	return nil
}

// judgeSources follows the placeholders of user to those who set them.
func (h *Handler) judgeSources(s *surroundings.Surroundings) error {
	user := s.Trace(app.Placeholders(h.User))
	if p, none := app.NamesNobody(user); none {
		return fmt.Errorf("user: %s names no person, because %s %s", h.User, p, p.Why)
	}
	for _, p := range user {
		if p.Control != app.ByFirstFactor {
			h.warnOfForgery(p)
			continue
		}
		if missing := s.Missing(p); missing != "" {
			return fmt.Errorf("user: nobody in front of the gate %s sets %s, so nobody could pass: %s", s.Place, p, missing)
		}
	}
	return nil
}

// judgeCookieDomain makes sure that browsers take the cookies on every host of the gate.
func (h *Handler) judgeCookieDomain(s *surroundings.Surroundings) error {
	domain := h.SharedDomain()
	if domain == "" {
		return nil
	}
	for _, host := range s.Hosts {
		if !strings.Contains(host, "{") && !app.Covers(domain, host) && !servedPlainly(s, host) {
			return fmt.Errorf("cookie_domain: %q does not cover the host %s of the gate, so browsers would refuse its "+
				"cookies; expected a domain that the host ends with", domain, host)
		}
	}
	if s.AnyHost {
		h.log.Warn("cookie_domain is set where the site answers to any host: hosts outside of it cannot be used",
			zap.String("cookie_domain", domain), zap.String("gate", s.Place))
	}
	return nil
}

// servedPlainly reports whether a host is a loopback host that is served without HTTPS, where cookies have no domain.
func servedPlainly(s *surroundings.Surroundings, host string) bool {
	return loopback(host) && s.WithoutHTTPS(host)
}

// warnOfSecondGate warns of a gate beside another one that is met by some requests of an address and not by others.
func (h *Handler) warnOfSecondGate(s *surroundings.Surroundings) {
	if odd := s.OddMatchers(); len(odd) > 0 {
		h.log.Warn("one of several gates stands under a matcher that looks at more than the address: the form of the page "+
			"may meet another gate, or none; match the path alone", zap.Strings("matchers", odd), zap.String("gate", s.Place))
	}
}
