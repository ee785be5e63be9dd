package gate

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"net/http"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/body"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/page"
)

// askForm asks a verified visitor whether to send the form that was interrupted. Everybody else is asked for the code
// first, and comes back here.
func (c *caller) askForm() error {
	switch {
	case !c.navigates() && !c.framed():
		return c.status()
	case c.framed() || c.admitted() == nil:
		return c.challenge()
	}
	a, err := c.account()
	if err != nil {
		return c.fault("store does not answer", err)
	}
	waits, err := a.waitingForm()
	switch {
	case err != nil:
		return a.fault("form cannot be read", err)
	case waits:
		return a.showForm()
	case len(a.formIDs()) > 0:
		return a.formGone()
	}
	return a.redirect(a.plainAddress())
}

// showForm shows the page with the buttons that send the form, or drop it.
func (a *account) showForm() error {
	if len(a.tickets) == 0 {
		a.at.names.set(a.w, a.at.names.challenge, a.ticket.String(), ticketLife)
	}
	view := a.plain(page.Restore)
	view.Held, view.RestoreURL = a.askedAddress(), template.URL(a.action(restoreAction))
	view.CSRF = a.verifier.Keys().Proof(a.subject, a.ticket)
	return a.show(http.StatusOK, view)
}

// formGone says that no form is kept for this address any more.
func (a *account) formGone() error {
	metrics.Forms.WithLabelValues("gone").Inc()
	a.setForms(nil)
	view := a.plain(page.RestoreGone)
	view.HomeURL = template.URL(a.plainAddress())
	return a.show(http.StatusOK, view)
}

// resend sends the form that a verified visitor has agreed to send: the request goes on to the app with the body with
// which the form came, to the same address. All else of it is of the request that the browser sends now. Where the
// visitor has not agreed, or nothing is kept, the app is not reached.
func (h *Handler) resend(
	w http.ResponseWriter, r *http.Request, repl *caddy.Replacer, next caddyhttp.Handler, at location, a *admission,
) error {
	body.Bound(w, r)
	v := &visitor{Handler: h, w: w, r: r, repl: repl, at: at, ctx: context.WithoutCancel(r.Context())}
	var form *otp.Form
	err := v.identified(func(c *caller) (err error) {
		form, err = c.agreedForm()
		return err
	})
	if err != nil {
		metrics.Faults.Inc()
		h.log.Error("request cannot be answered", zap.String("zone", h.Zone), zap.Error(err), app.ClientIP(r))
	}
	if form == nil {
		return nil
	}
	putForm(r, at, form)
	return h.pass(w, r, repl, next, h.locate(r), a)
}

// agreedForm is the form that the visitor wants to send, nil where the request is answered here.
func (c *caller) agreedForm() (*otp.Form, error) {
	if early(c.r) {
		return nil, c.respond()
	}
	s, err := c.read()
	if err != nil {
		return nil, c.answer(c.unreadable(err, ""))
	}
	a, err := c.account()
	if err != nil {
		return nil, c.fault("store does not answer", err)
	}
	if s.json || !a.trusts(s) {
		return nil, a.answer(a.unreadable(a.unproved(), a.pseudonym()))
	}
	form, err := a.takeForm()
	switch {
	case err != nil:
		return nil, a.fault("form cannot be taken", err)
	case form == nil:
		return nil, a.formGone()
	case s.form != "send":
		metrics.Forms.WithLabelValues("dropped").Inc()
		return nil, a.redirect(a.plainAddress())
	}
	metrics.Forms.WithLabelValues("sent").Inc()
	a.log.Info("interrupted form sent", a.fields()...)
	return form, nil
}

// putForm makes a request the one that was interrupted. Handlers behind the gate, and other gates, see neither our
// parameters nor that there was anything else.
func putForm(r *http.Request, at location, f *otp.Form) {
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		u := *original.URL
		u.RawQuery = at.query.rest
		original.URL, original.RequestURI = &u, u.RequestURI()
		*r = *r.WithContext(context.WithValue(r.Context(), caddyhttp.OriginalRequestCtxKey, original))
	}
	u := *r.URL
	u.RawQuery = readQuery(u.RawQuery).rest
	r.URL, r.RequestURI = &u, u.RequestURI()
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(f.Body)), int64(len(f.Body)), nil
	r.Header.Set("Content-Type", f.ContentType)
	r.Header.Set("Content-Length", strconv.Itoa(len(f.Body)))
	r.Header.Del("Referer")
	if f.Referer != "" {
		r.Header.Set("Referer", f.Referer)
	}
}
