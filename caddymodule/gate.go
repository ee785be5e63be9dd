package caddymodule

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// visit is one request that the gateway answers itself.
type visit struct {
	*Handler
	w     http.ResponseWriter
	r     *http.Request
	repl  *caddy.Replacer
	place place

	ctx      context.Context // bounds what is asked of the store; goes on when the visitor has left
	subject  otp.Subject
	user     string // as the first factor wrote it
	bind     string
	number   phone.Number
	ticket   otp.Ticket
	verifier *otp.Verifier
	epoch    string
}

// errSilent says that it is not known which gate a request is meant for, because the store has not been heard of.
var errSilent = errors.New("the store has not been heard of")

// gate answers a request that is not verified, or is meant for the gateway. Whatever it finds, the app is not reached.
func (h *Handler) gate(w http.ResponseWriter, r *http.Request, repl *caddy.Replacer, p place, to addressee) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeTimeout)
	defer cancel()
	v := &visit{Handler: h, w: w, r: r, repl: repl, place: p, ctx: ctx}
	switch {
	case early(r):
		return h.refuse(w, r, tooEarly.refusal())
	case !p.safe:
		return v.answer(badRequest.because("this site is guarded by a second factor, which works over HTTPS only"))
	case to == theApp, to == gateBehind:
		return v.identified(v.challenge) // who is not let through here does not get to a gate behind it
	case to == unknownGate:
		return v.fault("store does not answer", errSilent)
	case to == noGate:
		return v.answer(badRequest.because("there is no such gate at this address"))
	}
	return v.act(readQuery(p.url.RawQuery).action)
}

// act does what a request with our parameter asks for.
func (v *visit) act(action string) error {
	w, r, p := v.w, v.r, v.place
	switch {
	case action == "status" && r.Method == http.MethodGet:
		return v.identified(v.status)
	case action == "logout" && r.Method == http.MethodGet && v.navigation():
		return v.show(http.StatusOK, v.signedOut())
	case (action == "verify" || action == "send") && r.Method == http.MethodGet && v.navigation():
		return v.redirect(p.home())
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "POST")
		return v.answer(badRequest.because("POST is expected"))
	case action == "verify":
		return v.identified(v.verify)
	case action == "send":
		return v.identified(v.send)
	case action == "logout":
		return v.identified(v.logout)
	}
	return v.answer(badRequest.because("the parameter sms_2fa is verify, send, logout or status, once"))
}

// early reports whether a request may have been replayed: TLS early data, here or at a proxy in front (RFC 8470).
func early(r *http.Request) bool {
	return r.TLS != nil && !r.TLS.HandshakeComplete || r.Header.Get("Early-Data") == "1"
}

// identified finds out who the visitor is and then goes on.
func (v *visit) identified(next func() error) error {
	user, bind, err := v.identity.of(v.r, v.repl)
	name := canonical(user)
	if err != nil || name == "" {
		v.log.Error("no identity: the first factor named no user, check that it stands before sms_2fa and covers the same paths",
			zap.String("user", v.User), zap.String("zone", v.Zone), zap.Error(err), clientIP(v.r))
		return v.answer(noIdentity.refusal())
	}
	v.user, v.bind = user, bind
	v.subject = otp.Subject{Zone: v.Zone, Name: name}
	return next()
}

// reach makes the accounts reachable. It is called only where they are needed: a request that costs nothing asks nobody.
func (v *visit) reach() error {
	era, err := v.app.realm.ready(v.ctx)
	if err != nil {
		return err
	}
	v.verifier, v.epoch = era.verifier, era.era.Epoch.ID
	var known bool
	if v.ticket, known = v.place.names.ticket(v.cookieLines(v.r)); !known {
		v.ticket.Browser, err = v.verifier.NewBrowser()
	}
	return err
}

// findNumber looks up where texts to this visitor go; it reports false when that is not known.
func (v *visit) findNumber() (bool, error) {
	raw, err := v.rawNumber()
	if err != nil || raw == "" {
		return false, err
	}
	number, err := phone.Parse(raw, v.DefaultRegion)
	if err != nil {
		v.log.Error("phone number on file cannot be read", zap.String("account", v.account()), zap.Error(err))
		return false, nil
	}
	v.number = number
	return true, nil
}

func (v *visit) rawNumber() (string, error) {
	if v.Phone != "" {
		raw, _ := v.repl.ReplaceOrErr(v.Phone, true, true)
		if raw != "" {
			return strings.TrimSpace(raw), nil
		}
	}
	if v.directory == nil {
		return "", nil
	}
	raw, _, err := v.directory.Lookup(v.ctx, v.subject.Name)
	return raw, err
}

// account names the visitor in logs.
func (v *visit) account() string {
	if v.verifier == nil {
		return ""
	}
	return v.verifier.Keys().Pseudonym(v.subject)
}

// fault answers when something does not work that should. The visitor hears that it is not their doing.
func (v *visit) fault(doing string, err error) error {
	metrics.faults.Inc()
	v.log.Error(doing, zap.String("zone", v.Zone), zap.String("account", v.account()), zap.Error(err), clientIP(v.r))
	f := storeUnavailable.refusal()
	f.retry = outageRetry
	if errors.Is(err, otp.ErrRecord) {
		f.detail = "the account's record cannot be read"
	}
	return v.answer(f)
}

// navigation reports whether a browser asks for a page to show to a person: not an image, a script's fetch, a prefetch, an
// API client or a WebSocket (W3C Fetch Metadata; the Accept header where a browser does not send it).
func (v *visit) navigation() bool {
	h := v.r.Header
	if v.r.Method == http.MethodHead || len(h["Upgrade"]) > 0 || h.Get("Sec-Purpose") != "" || h.Get("Purpose") == "prefetch" || h.Get("X-Moz") == "prefetch" {
		return false
	}
	mode, dest := h.Get("Sec-Fetch-Mode"), h.Get("Sec-Fetch-Dest")
	if mode != "" || dest != "" {
		return mode == "navigate" && dest == "document"
	}
	return v.r.Method == http.MethodGet && accepts(h.Get("Accept"), "text/html")
}

func accepts(header, want string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if t, params, err := mime.ParseMediaType(part); err == nil && t == want && params["q"] != "0" {
			return true
		}
	}
	return false
}

// form reports whether a request is a form of the page, so that a page is its answer.
func (v *visit) form() bool {
	t, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	return err == nil && t == "application/x-www-form-urlencoded" && v.r.Method == http.MethodPost
}

// answer says no, as a page to a person and as a problem to everything else.
func (v *visit) answer(f refusal) error {
	asked := reserved(v.place.url.RawQuery)
	if asked && v.form() || v.navigation() {
		metrics.refusals.WithLabelValues(f.name).Inc()
		retryAfter(v.w, f.retry)
		return v.show(v.statusOf(f.problem), v.viewOf(f))
	}
	return v.refuse(v.w, v.r, f)
}

func (v *visit) redirect(to string) error {
	v.w.Header().Set("Location", to)
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// clientIP is Caddy's word for who is at the other end, for the log.
func clientIP(r *http.Request) zap.Field {
	ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return zap.String("client_ip", ip)
}
