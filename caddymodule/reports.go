package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// Bounds of a request that a provider reports by.
const (
	maxReport     = 64 << 10 // bytes of body
	maxReports    = 100      // texts in one request
	maxWaiting    = 64       // requests that wait for a text of ours to be written down
	reportTries   = 4
	reportPause   = 150 * time.Millisecond
	reportTimeout = 5 * time.Second
)

// Reports receives delivery reports of one sender's provider, on a path of the operator's choice. It believes only what
// the provider has signed, and answers everything itself: nothing is passed on.
type Reports struct {
	// The name of the sender whose provider reports here: its kind, like `twilio`, unless it has another.
	Sender string `json:"sender"`

	app     *App
	sender  sms.Reporter
	log     *zap.Logger
	waiting chan struct{}
}

// CaddyModule returns the Caddy module information.
func (*Reports) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.sms_2fa_reports", New: func() caddy.Module { return new(Reports) }}
}

// Provision finds the sender.
func (h *Reports) Provision(ctx caddy.Context) error {
	h.log, h.waiting = ctx.Logger(), make(chan struct{}, maxWaiting)
	app, err := ctx.App("sms_2fa")
	if err != nil {
		return fmt.Errorf("the global option sms_2fa: %w", err)
	}
	h.app = app.(*App)
	leg := h.app.route.Leg(h.Sender)
	if leg == nil {
		return fmt.Errorf("sms_2fa_reports: there is no sender of the name %q", h.Sender)
	}
	var ok bool
	if h.sender, ok = leg.Sender.(sms.Reporter); !ok {
		return fmt.Errorf("sms_2fa_reports: the sender %s has no reports that could be verified", h.Sender)
	}
	if err := h.sender.Reports(); err != nil {
		return fmt.Errorf("sms_2fa_reports: sender %s: %w", h.Sender, err)
	}
	h.app.reported[h.Sender] = true
	return nil
}

// ServeHTTP receives reports. What is not the provider's is refused, and changes nothing.
func (h *Reports) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
	if err != nil {
		return h.refuse(w, r, sms.ErrUnreadable)
	}
	reports, err := h.sender.ReadReports(r, body, h.app.now())
	if err != nil {
		return h.refuse(w, r, err)
	}
	if err := h.take(r, reports[:min(len(reports), maxReports)]); err != nil {
		metrics.faults.Inc()
		h.log.Error("report cannot be written down", zap.String("sender", h.Sender), zap.Error(err))
		f := storeUnavailable.refusal()
		f.retry = outageRetry
		return writeProblem(w, r, f, f.status)
	}
	return h.acknowledge(w)
}

// refuse answers a request that is not a report. The error has nothing of the request in it, and is not handed to Caddy, which
// would log the address with it: providers that report by GET have the number there.
func (h *Reports) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	result, f := "forged", reportForged.refusal()
	switch {
	case errors.Is(err, sms.ErrStale):
		result, f = "stale", reportStale.refusal()
	case errors.Is(err, sms.ErrUnreadable):
		result, f = "unreadable", reportUnreadable.refusal()
	}
	metrics.reports.WithLabelValues(h.Sender, result).Inc()
	h.log.Warn("report refused", zap.String("sender", h.Sender), zap.String("result", result), zap.Error(err), clientIP(r))
	return writeProblem(w, r, f, f.status)
}

func (h *Reports) acknowledge(w http.ResponseWriter) error {
	w.Header().Set("Cache-Control", "no-store")
	a, ok := h.sender.(sms.Acknowledger)
	if !ok || a.Acknowledgement() == "" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, a.Acknowledgement())
	return nil
}

// take writes reports down, those of our texts.
func (h *Reports) take(r *http.Request, reports []sms.Report) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), reportTimeout)
	defer cancel()
	era, err := h.app.realm.ready(ctx)
	if err != nil {
		return err
	}
	for _, report := range reports {
		became, known := becameOf(report.State)
		if !known || report.ID == "" {
			continue
		}
		found, err := h.write(ctx, era.verifier, report, became)
		if err != nil {
			return err
		}
		h.note(report, found)
	}
	return nil
}

func becameOf(s sms.State) (otp.Delivery, bool) {
	switch s {
	case sms.Sent:
		return otp.DeliverySent, true
	case sms.Delivered:
		return otp.DeliveryDelivered, true
	case sms.Undelivered:
		return otp.DeliveryUndelivered, true
	}
	return "", false
}

// write notes one report. A provider can be faster than we are to write down what it called our text, so a text that is
// not known is looked for again after a moment; most accounts also send texts that are not ours, so only a few wait.
func (h *Reports) write(ctx context.Context, v *otp.Verifier, report sms.Report, became otp.Delivery) (otp.Reported, error) {
	found, err := v.Report(ctx, h.Sender, report.ID, became, h.app.policyOf)
	if err != nil || found.Known {
		return found, err
	}
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return found, nil
	}
	for range reportTries - 1 {
		select {
		case <-ctx.Done():
			return found, nil
		case <-time.After(reportPause):
		}
		if found, err = v.Report(ctx, h.Sender, report.ID, became, h.app.policyOf); err != nil || found.Known {
			return found, err
		}
	}
	return found, nil
}

func (h *Reports) note(report sms.Report, found otp.Reported) {
	switch {
	case !found.Known:
		metrics.reports.WithLabelValues(h.Sender, "foreign").Inc()
		return
	case !found.News:
		metrics.reports.WithLabelValues(h.Sender, "repeated").Inc()
		return
	}
	metrics.reports.WithLabelValues(h.Sender, string(report.State)).Inc()
	fields := []zap.Field{zap.String("sender", h.Sender), zap.String("text_id", found.Text), zap.String("zone", found.Zone), zap.String("code", report.Code)}
	switch report.State {
	case sms.Delivered:
		h.log.Info("text delivered", fields...)
	case sms.Undelivered:
		h.log.Warn("text not delivered", fields...)
	}
}

// policyOf is the policy of a zone; the default one where no gate is left that has it.
func (a *App) policyOf(zone string) otp.Policy {
	if h := a.gates[zone]; h != nil {
		return h.policy
	}
	return otp.DefaultPolicy()
}

func parseReports(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	reports := new(Reports)
	return reports, reports.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile reads
//
//	sms_2fa_reports [<matcher>] <sender>
func (h *Reports) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume name
	if !d.AllArgs(&h.Sender) {
		return d.Err("expected the name of a sender, like: sms_2fa_reports /sms/reports twilio")
	}
	if d.NextBlock(0) {
		return d.Err("sms_2fa_reports has no options of its own; those of the sender say how its reports are verified")
	}
	return nil
}

var (
	_ caddy.Provisioner           = (*Reports)(nil)
	_ caddyhttp.MiddlewareHandler = (*Reports)(nil)
	_ caddyfile.Unmarshaler       = (*Reports)(nil)
)
