package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/page"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// defaultUser is who passed basic_auth, or another authenticator of Caddy's.
const defaultUser = "{http.auth.user.id}"

// Handler guards a route: requests reach the handlers behind it only with a second factor, a code that was texted to the
// phone of whoever passed the first one. Everybody else gets a page that asks for the code, at the address that was asked
// for, or an `application/problem+json` where no page can be shown.
//
// It sets these placeholders for the handlers behind it:
//
// Placeholder | Description
// ------------|------------
// `{http.sms_2fa.user}` | Who passed both factors
// `{http.sms_2fa.verified_at}` | When the code was typed (RFC 3339)
// `{http.sms_2fa.method}` | How: `sms`
type Handler struct {
	// Who passed the first factor: a text with placeholders. Where any of them is empty, nobody passes. Default:
	// `{http.auth.user.id}`.
	User string `json:"user,omitempty"`

	// Where the phone numbers are. Default: the directory of the global options.
	DirectoryRaw json.RawMessage `json:"directory,omitempty" caddy:"namespace=sms_2fa.directories inline_key=directory"`

	Options

	app         *App
	directory   DirectoryModule
	identity    identity
	policy      otp.Policy
	wording     *wording
	page        *page.Page
	testNumbers testNumbers
	log         *zap.Logger

	session, idle, maxAge, staleOK, sendWait time.Duration
	names                                    cookieNames
	plainNames                               cookieNames
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.sms_2fa", New: func() caddy.Module { return new(Handler) }}
}

// Provision prepares all that a request needs. It does no network I/O.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.log = ctx.Logger()
	app, err := ctx.App("sms_2fa")
	if err != nil {
		return fmt.Errorf("the global option sms_2fa: %w", err)
	}
	h.app = app.(*App)
	h.Options = h.Options.or(h.app.Options)
	if err := h.Options.validate(); err != nil {
		return err
	}
	h.setDefaults()
	if h.identity, err = newIdentity(h.User, h.Bind); err != nil {
		return err
	}
	if err := h.loadDirectory(ctx); err != nil {
		return err
	}
	if err := h.prepare(); err != nil {
		return err
	}
	h.app.enlist(h)
	return nil
}

func (h *Handler) setDefaults() {
	h.User = first(h.User, defaultUser)
	h.Zone = first(h.Zone, defaultZone)
	h.Send = first(h.Send, "auto")
	h.ChallengeStatus = first(h.ChallengeStatus, defaultStatus)
	h.session = duration(h.Session, defaultSession)
	h.idle = duration(h.Idle, 0)
	h.maxAge = duration(h.MaxAge, 0)
	h.staleOK = duration(h.StaleOK, defaultStaleOK)
	h.sendWait = duration(h.SendWait, defaultSendWait)
	h.names = secureNames(h.Zone, h.CookieDomain)
	h.plainNames = plainNames(h.Zone)
}

func (h *Handler) loadDirectory(ctx caddy.Context) error {
	h.directory = h.app.directory
	if h.DirectoryRaw != nil {
		var err error
		if h.directory, err = loadGuest[DirectoryModule](ctx, h, "DirectoryRaw", "directory"); err != nil {
			return err
		}
	}
	if h.directory == nil && h.Phone == "" {
		return fmt.Errorf("directory: it is missing; say where the phone numbers are, like: directory file /etc/caddy/phones.csv, or: phone {http.reverse_proxy.header.Remote-Phone}")
	}
	return nil
}

// prepare reads what the options name, and warns of what is odd.
func (h *Handler) prepare() error {
	var err error
	if h.policy, err = h.Options.policy(); err != nil {
		return err
	}
	if h.wording, err = newWording(h.Message); err != nil {
		return err
	}
	if h.testNumbers, err = newTestNumbers(h.TestNumbers, h.policy.CodeLength); err != nil {
		return err
	}
	if h.page, err = loadPage(h.Template); err != nil {
		return fmt.Errorf("template: %w", err)
	}
	if err := h.checkSender(); err != nil {
		return err
	}
	h.warn()
	return nil
}

func loadPage(path string) (*page.Page, error) {
	if path == "" {
		return page.New(), nil
	}
	return page.Load(path)
}

// checkSender makes sure that every provider takes codes of the configured length.
func (h *Handler) checkSender() error {
	for _, l := range h.app.route.Legs() {
		s, ok := l.Sender.(sms.CodeLimiter)
		if ok && h.policy.CodeLength > s.MaxCodeLength() {
			return fmt.Errorf("code_length: %d digits are more than the sender %s takes with a template; at most %d",
				h.policy.CodeLength, l.Name, s.MaxCodeLength())
		}
	}
	return nil
}

// ServeHTTP passes a verified request on and answers every other one itself.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	place := h.placeOf(r, askedFor(r))
	to := h.addressee(r, place.url)
	if place.safe && (to == theApp || to == gateBehind) {
		if a := h.admit(r, repl, place); a != nil {
			if to == gateBehind {
				withoutOurs(r)
			}
			return h.pass(w, r, repl, next, place, a)
		}
	}
	return h.gate(w, r, repl, place, to)
}

var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
