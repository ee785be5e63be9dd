package gate

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// warn says what is allowed but odd, when the configuration is loaded.
func (h *Handler) warn() {
	log := h.log.With(zap.String("zone", h.Zone))
	for _, w := range h.policy.Warnings() {
		log.Warn(w)
	}
	if h.session > 24*time.Hour {
		log.Warn("session is over 24h, the most that NIST SP 800-63B advises")
	}
	if h.trust > 30*24*time.Hour {
		log.Warn("trust is over 30d: the owner of a browser may be another one by then")
	}
	h.warnOfForms(log)
	for i, m := range h.messages.Messages {
		if i > 0 && !h.messages.Own[i] {
			continue // that some alphabets need two segments is told in the documentation
		}
		h.warnOfLength(log.With(zap.Stringer("language", h.messages.Tags[i])), m)
	}
	for number := range h.fixedCodes {
		log.Warn("a test number gets no text and has a fixed code", zap.String("phone", number.Masked()),
			zap.Time("until", h.fixedCodes.End(number)), zap.Bool("over", !h.fixedCodes.Active(number, h.clock())))
	}
}

// warnOfForms tells which forms a page of the operator's own lacks.
func (h *Handler) warnOfForms(log *zap.Logger) {
	template := zap.String("template", h.Template)
	if !h.page.Forms.Verify {
		log.Warn("template has no form that sends the code: without scripts nobody gets past the page", template)
	}
	if h.trust > 0 && !h.page.Forms.Trust {
		log.Warn("template has no field trust in the form that sends the code: the option trust does nothing", template)
	}
	if !h.page.Forms.Send {
		log.Warn("template has no form that asks for another text", template)
	}
}

// warnOfLength tells what a text costs beyond one segment, and which character is to blame.
func (h *Handler) warnOfLength(log *zap.Logger, m otp.Message) {
	const host = "app.example.com" // a host of common length, where it is known only from the request
	code := strings.Repeat("0", h.policy.CodeLength)
	text := m.Text(code, cmp.Or(h.Brand, host), cmp.Or(h.Origin, host), h.policy.CodeTTL)
	parts, foreign := sms.Segments(text)
	switch {
	case parts > 1 && foreign != 0:
		log.Warn("message takes more than one SMS segment", zap.Int("segments", parts),
			zap.String("because_of", fmt.Sprintf("%q (%U)", foreign, foreign)))
	case parts > 1:
		log.Warn("message takes more than one SMS segment", zap.Int("segments", parts))
	}
}

// warnOfForgery says how a user is forged whose name is read from what the visitor sends.
func (h *Handler) warnOfForgery(p app.Placeholder) {
	log := h.log.With(zap.String("user", h.User), zap.String("zone", h.Zone))
	switch p.Control {
	case app.ByAddress:
		log.Warn(fmt.Sprintf("user is read from %s, the address of a machine or a network: everybody there is one person, "+
			"and so is whoever can send from there", p))
	case app.ByVisitor:
		log.Warn(fmt.Sprintf("user is read from %s, which %s: %s, unless something in front of the gate overwrites it for "+
			"every request; %s", p, p.Why, forgery(p.Name), remedy(p.Name)))
	}
}

// forgery is how a visitor becomes alice.
func forgery(placeholder string) string {
	kind, name := cut(placeholder)
	switch kind {
	case "header":
		return fmt.Sprintf("whoever sends %q is alice", name+": alice")
	case "cookie":
		return fmt.Sprintf("whoever sends %q is alice", "Cookie: "+name+"=alice")
	case "query":
		return fmt.Sprintf("whoever opens %q is alice", "/?"+name+"=alice")
	}
	return "whoever writes alice there is alice"
}

// remedy is where the name should be read instead.
func remedy(placeholder string) string {
	if kind, name := cut(placeholder); kind == "header" {
		return "with forward_auth, read {http.reverse_proxy.header." + name + "}"
	}
	return "read what the first factor says, like " + defaultUser
}

// cut is the kind and the name of a placeholder that reads one field of the request.
func cut(placeholder string) (kind, name string) {
	rest := strings.TrimPrefix(placeholder, "http.request.")
	rest = strings.TrimPrefix(rest, "uri.")
	kind, name, _ = strings.Cut(rest, ".")
	return kind, name
}
