package gate

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

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
	for i, m := range h.messages.Messages {
		h.warnOfLength(log.With(zap.Stringer("language", h.messages.Tags[i])), m)
	}
	for number := range h.fixedCodes {
		log.Warn("a test number gets no text and has a fixed code", zap.String("phone", number.Masked()),
			zap.Time("until", h.fixedCodes.End(number)), zap.Bool("over", !h.fixedCodes.Active(number, h.clock())))
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
