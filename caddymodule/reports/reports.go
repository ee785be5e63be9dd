// Package reports is the directive sms_2fa_reports: what providers tell of the delivery of texts.
package reports

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

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/body"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
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

func init() {
	caddy.RegisterModule(new(Handler))
	// Before the first factor: reports carry a signature, and no password.
	httpcaddyfile.RegisterHandlerDirective("sms_2fa_reports", parseReports)
	httpcaddyfile.RegisterDirectiveOrder("sms_2fa_reports", httpcaddyfile.Before, "basic_auth")
}

// Handler receives delivery reports of one sender's provider, on a path of the operator's choice. It believes only
// what the provider has signed, and answers everything itself: nothing is passed on.
type Handler struct {
	// The name of the sender whose provider reports here: its kind, like `twilio`, unless it has another.
	Sender string `json:"sender"`

	app     *app.App
	sender  sms.Reporter
	log     *zap.Logger
	waiting chan struct{}
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.sms_2fa_reports", New: func() caddy.Module { return new(Handler) }}
}

// Provision finds the sender.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.log, h.waiting = ctx.Logger(), make(chan struct{}, maxWaiting)
	var err error
	if h.app, err = app.Of(ctx); err != nil {
		return err
	}
	entry := h.app.Failover().Entry(h.Sender)
	if entry == nil {
		return fmt.Errorf("sms_2fa_reports: there is no sender of the name %q", h.Sender)
	}
	var ok bool
	if h.sender, ok = entry.Sender.(sms.Reporter); !ok {
		return fmt.Errorf("sms_2fa_reports: the sender %s has no reports that could be verified", h.Sender)
	}
	if err := h.sender.Reports(); err != nil {
		return fmt.Errorf("sms_2fa_reports: sender %s: %w", h.Sender, err)
	}
	h.app.ExpectReports(h.Sender)
	return nil
}

// ServeHTTP receives reports. What is not the provider's is refused, and changes nothing. It never returns an error:
// Caddy would hand the request on to the error routes of the site.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if err := h.receive(w, r); err != nil {
		metrics.Faults.Inc()
		h.log.Error("report cannot be answered", zap.String("sender", h.Sender), zap.Error(err))
	}
	return nil
}

func (h *Handler) receive(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		body.Bound(w, r)
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	content, err := body.Read(w, r, maxReport)
	if err != nil {
		return h.refuse(w, r, fmt.Errorf("%w: %w", sms.ErrUnreadable, err))
	}
	reports, err := h.sender.ReadReports(r, content, h.app.Now())
	if err != nil {
		return h.refuse(w, r, err)
	}
	if err := h.take(r, reports[:min(len(reports), maxReports)]); err != nil {
		metrics.Faults.Inc()
		h.log.Error("report cannot be written down", zap.String("sender", h.Sender), zap.Error(err))
		f := problem.StoreUnavailable.After(problem.AfterOutage)
		return problem.Write(w, r, f, f.Status)
	}
	return h.acknowledge(w)
}

// refuse answers a request that is not a report. The error has nothing of the request in it, and is not handed to
// Caddy, which would log the address with it: providers that report by GET have the number there.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	result, f := "forged", problem.ReportForged.Refusal()
	switch {
	case errors.Is(err, sms.ErrStale):
		result, f = "stale", problem.ReportStale.Refusal()
	case errors.Is(err, sms.ErrUnreadable):
		result, f = "unreadable", problem.ReportUnreadable.Refusal()
	}
	metrics.Reports.WithLabelValues(h.Sender, result).Inc()
	h.log.Warn("report refused", zap.String("sender", h.Sender), zap.String("result", result), zap.Error(err),
		app.ClientIP(r))
	return problem.Write(w, r, f, f.Status)
}

func (h *Handler) acknowledge(w http.ResponseWriter) error {
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
func (h *Handler) take(r *http.Request, reports []sms.Report) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), reportTimeout)
	defer cancel()
	accounts, err := h.app.Backend().Ready(ctx)
	if err != nil {
		return err
	}
	for _, report := range reports {
		became, known := becameOf(report.State)
		if !known || report.ID == "" && report.Reference == "" {
			continue
		}
		found, err := h.write(ctx, accounts.Verifier, report, became)
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

// write notes one report. A provider can be faster than we are to write down what it called our text, so a text that
// is not known is looked for again after a moment; most accounts also send texts that are not ours, so only a few
// wait.
func (h *Handler) write(
	ctx context.Context, v *otp.Verifier, report sms.Report, became otp.Delivery,
) (otp.Reported, error) {
	news := otp.Report{Sender: h.Sender, ID: report.ID, Reference: report.Reference, Became: became}
	found, err := v.Report(ctx, news, h.app.PolicyOf)
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
		if found, err = v.Report(ctx, news, h.app.PolicyOf); err != nil || found.Known {
			return found, err
		}
	}
	return found, nil
}

func (h *Handler) note(report sms.Report, found otp.Reported) {
	switch {
	case !found.Known:
		metrics.Reports.WithLabelValues(h.Sender, "foreign").Inc()
		return
	case !found.News:
		metrics.Reports.WithLabelValues(h.Sender, "repeated").Inc()
		return
	}
	metrics.Reports.WithLabelValues(h.Sender, string(report.State)).Inc()
	fields := []zap.Field{
		zap.String("sender", h.Sender), zap.String("text_id", found.Text), zap.String("zone", found.Zone),
		zap.String("code", report.Code), said("price", report.Price), said("mccmnc", report.Network),
	}
	switch report.State {
	case sms.Delivered:
		h.log.Info("text delivered", fields...)
	case sms.Undelivered:
		h.log.Warn("text not delivered", fields...)
	}
}

// said is a field of what a report may say; it is left out where the report does not.
func said(key, value string) zap.Field {
	if value == "" {
		return zap.Skip()
	}
	return zap.String(key, value)
}

func parseReports(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	reports := new(Handler)
	return reports, reports.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile reads
//
//	sms_2fa_reports [<matcher>] <sender>
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
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
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
	_ caddyfile.Unmarshaler       = (*Handler)(nil)
)
