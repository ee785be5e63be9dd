package surroundings

import (
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// match notes the matchers of a route on the way. A request passes if one set matches, so hosts and methods are bound
// only where every set binds them.
func (s *Surroundings) match(sets caddyhttp.MatcherSets) {
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
		s.Hosts, s.AnyHost = hosts, false
	}
	if !anyMethod {
		s.Methods = methods
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

// addressMatchers look at the address alone, which is the same for the page and for its form.
var addressMatchers = []string{"host", "path", "path_regexp", "query", "file", "protocol"}

// OddMatchers are the kinds of matchers by which some requests of an address meet this gate, and others meet another
// gate beside it, or none. There are none where no other gate stands beside this one.
func (s *Surroundings) OddMatchers() []string {
	if s.ownMatchers < 0 {
		return nil
	}
	var odd []string
	for _, m := range s.matchers[s.ownMatchers:] {
		if !slices.Contains(addressMatchers, m) {
			odd = append(odd, m)
		}
	}
	return odd
}
