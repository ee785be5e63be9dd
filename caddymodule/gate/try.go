package gate

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// tries are the limits of this gate.
func (h *Handler) tries() otp.Tries {
	e := h.enrolment
	return otp.Tries{Account: e.Account, Address: e.Address, Country: e.Country, Total: e.Total}
}

// countNumber counts a number that was given, also one that cannot be read; the same one counts once.
func (h *holder) countNumber(s submission, n phone.Number) (otp.Excess, error) {
	given := n.E164()
	if given == "" {
		given = strings.Join(strings.Fields(s.number), "")
	}
	if h.enrolment.Invited {
		given += " " + s.invitation // each code is a try of its own
	}
	return ask(h.account, func(ctx context.Context) (otp.Excess, error) {
		return h.verifier.TryNumber(ctx, h.subject, given, h.tries())
	})
}

// tooManyTries tells the visitor to come back later. Which limit it is, the log says.
func (h *holder) tooManyTries(e otp.Excess) error {
	metrics.Enrolments.WithLabelValues("limited", e.Limit).Inc()
	h.log.Warn("too many numbers tried", h.fields(zap.String("limit", e.Limit), zap.Duration("retry_after", e.Wait),
		zap.String("calling_code", h.number.CallingCode()))...)
	return h.answer(problem.TooManyRequests.After(e.Wait))
}

// tried is the text to a number that no code has proved, counted from 0.
func (h *holder) tried(n int) otp.TriedText {
	return otp.TriedText{
		ID: h.unproven.Try + "." + strconv.Itoa(n), Address: clientAddress(h.r), CallingCode: h.number.CallingCode(),
	}
}

// clientAddress is Caddy's word for who is at the other end of a request.
func clientAddress(r *http.Request) netip.Addr {
	text, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	address, _ := netip.ParseAddr(text)
	return address
}

// countText counts the next text to a number that no code has proved; one to a number on file is not counted here.
func (h *holder) countText() (otp.Excess, error) {
	if h.unproven == nil {
		return otp.Excess{}, nil
	}
	excess, err := ask(h.account, func(ctx context.Context) (otp.Excess, error) {
		return h.verifier.TryText(ctx, h.tried(h.unproven.Texts), h.tries())
	})
	if err == nil && excess.Limit == "" {
		h.unproven.Texts++
	}
	return excess, err
}

// returnLatest gives the latest text back, which did not go out.
func (h *holder) returnLatest() {
	if h.unproven == nil {
		return
	}
	h.unproven.Texts--
	h.returnText(h.ctx, h.tried(h.unproven.Texts))
}

// returnTexts gives all texts back that went to a number whose code was right.
func (h *holder) returnTexts() {
	for n := range h.unproven.Texts {
		h.returnText(h.ctx, h.tried(n))
	}
}

// returnText gives a text back. If that fails, the text counts until its limit forgets it.
func (h *holder) returnText(ctx context.Context, text otp.TriedText) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := h.verifier.GiveText(ctx, text); err != nil {
		h.noteFault("text cannot be given back", h.pseudonym(), err)
	}
}

// onFailure is what happens when the latest text does not go out; nil for a number on file.
func (h *holder) onFailure() func(context.Context) {
	if h.unproven == nil || h.unproven.Texts == 0 {
		return nil
	}
	text := h.tried(h.unproven.Texts - 1)
	return func(ctx context.Context) { h.returnText(ctx, text) }
}
