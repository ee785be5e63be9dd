package app

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// judgeCookieDomain refuses a domain for which browsers take no cookies (RFC 6265bis 5.7).
func judgeCookieDomain(domain string) error {
	if domain == "" || domain == "off" {
		return nil
	}
	_, noAddress := netip.ParseAddr(domain)
	switch {
	case !isHost(domain) || noAddress == nil || slices.Contains(strings.Split(domain, "."), ""):
		return fmt.Errorf("cookie_domain: %q is not a domain like example.com", domain)
	case IsPublicSuffix(domain):
		return fmt.Errorf("cookie_domain: %q is no domain of one owner, so browsers take no cookie for it; "+
			"expected a domain under it, like example.com", domain)
	}
	return nil
}

// IsPublicSuffix reports whether the owners of names under a domain are strangers to each other, as under com, co.uk
// or github.io. A domain of one label counts as such for browsers.
func IsPublicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}

// SharedDomain is the domain of which a gate's cookies are, "" when they belong to one host.
func (o Options) SharedDomain() string {
	if o.CookieDomain == "off" {
		return ""
	}
	return o.CookieDomain
}

// BoundTo is the placeholder to which a verification is bound, "" without one.
func (o Options) BoundTo() string {
	if o.Bind == "off" {
		return ""
	}
	return o.Bind
}

// Covers reports whether a cookie of a domain reaches a host. The host may begin with a wildcard, like *.example.com.
func Covers(domain, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == domain || strings.HasSuffix(host, "."+domain)
}
