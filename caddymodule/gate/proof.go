package gate

import (
	"context"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/register"
)

// keepNumber enters the number of the challenge, which a directory has and a code has just proved, in the register,
// where the option register is on. The visitor waits for that, storeTimeout at the most, so that a gateway which stops
// then has not told the visitor of a success that is forgotten. But the visitor goes on whatever comes of it: the
// number is on file, the code was right, and the next right code enters the number. The fixed code of a test number
// proves nothing.
func (h *holder) keepNumber(o otp.Outcome) {
	if !h.app.KeepsNumbers() || o.Text.CodeBy == app.TestMaker {
		return
	}
	number := h.textedTo(o)
	entered, err := ask(h.account, func(ctx context.Context) (register.Outcome, error) {
		return h.app.KeepNumber(ctx, h.subject.Name, number, h.numbers)
	})
	switch {
	case err != nil:
		metrics.Entries.WithLabelValues("error").Inc()
		h.log.Error("number not entered in the register: the store does not do it", h.fields(zap.Error(err))...)
		return
	case entered == register.Taken:
		h.log.Warn("number not entered in the register: it is another user's, and a number is one user's",
			h.fields(zap.String("phone", number.Masked()))...)
	}
	metrics.Entries.WithLabelValues(string(entered)).Inc()
}
