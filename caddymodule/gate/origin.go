package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/surroundings"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// judgeOrigin makes sure that the host in a text is the operator's choice. Without origin it is the host that was
// asked for, and where the site answers to any host, whoever has a password chooses words of the text.
func (h *Handler) judgeOrigin(s *surroundings.Surroundings) error {
	if h.Origin != "" || !slices.ContainsFunc(h.app.Failover().Entries(), bearsText) {
		return nil
	}
	if s.AnyHost || slices.ContainsFunc(s.Hosts, anybodys) {
		return fmt.Errorf("origin: it is missing, and the gate %s answers to any host, so that the visitor would choose "+
			"the host in the text; write the host of the site, like: origin app.example.com", s.Place)
	}
	return nil
}

// bearsText reports whether a sender sends our text: a provider that makes codes has words of its own.
func bearsText(e *sms.Entry) bool { return makerOf(e) == "" }

// anybodys reports whether a host of a matcher stands for names under domains of different owners, like *.com.
func anybodys(host string) bool {
	_, domain, wildcard := strings.Cut(host, "*")
	domain = strings.TrimPrefix(domain, ".")
	return wildcard && !loopback(domain) && (domain == "" || app.IsPublicSuffix(domain))
}
