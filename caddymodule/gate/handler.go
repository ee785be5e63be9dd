// Package gate is the directive sms_2fa: what stands between a visitor and the app.
//
// A request is read once, into a [location]: which address, what is asked there, of which gate, and whether the
// connection is safe. A request with a session passes (admission.go, pass.go); every other request is answered here.
// What an answer needs is found step by step, and each step is a type of its own:
//
//	visitor   somebody at a location                      visitor.go
//	caller    a visitor whom the first factor has named   caller.go
//	account   a caller for whom the store has answered    account.go
//	holder    an account whose number has been looked up  holder.go
//
// What stands around a gate in its site is looked at when the gate is loaded (package surroundings), and judged
// (judgement.go).
//
// What a request asks for stands in the file of its name: challenge.go, verify.go, send.go, status.go, look.go,
// logout.go, mynumber.go, enroll.go, change.go. A form that is interrupted is kept in form.go and sent in
// resend.go. How an answer is told stands in answer.go and view.go.
package gate

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/caddymodule/surroundings"
	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/page"
	"github.com/caddy-sms-2fa/gateway/page/words"
	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func init() {
	caddy.RegisterModule(new(Handler))
	httpcaddyfile.RegisterHandlerDirective("sms_2fa", parseHandler)
	httpcaddyfile.RegisterDirectiveOrder("sms_2fa", httpcaddyfile.After, "forward_auth")
}

// moduleName is the name of the handler's module among Caddy's handlers.
const moduleName = "sms_2fa"

// defaultUser is who passed basic_auth, or another authenticator of Caddy's.
const defaultUser = "{http.auth.user.id}"

// Handler guards a route: requests reach the handlers behind it only with a second factor, a code that was texted to
// the phone of whoever passed the first one. Everybody else gets a page that asks for the code, at the address that
// was asked for, or an `application/problem+json` where no page can be shown.
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

	// Where the phone numbers are: directories that are asked in order until one has a number. Default: those of the
	// global options.
	DirectoryRaw guest.Modules `json:"directory,omitempty" caddy:"namespace=sms_2fa.directories inline_key=directory"`

	app.Options

	app        *app.App
	log        *zap.Logger
	clock      func() time.Time
	directory  *directory.Chain
	enrolment  *directory.Enrolment // on which terms visitors may give a number; nil where they may not
	elsewhere  *directory.Chain     // the directories before enroll; nil without enroll
	atHand     []onHand             // what each directory of the chain can tell without asking anybody
	identity   identity
	policy     otp.Policy
	messages   *app.MessageSet
	fixedCodes app.FixedCodes
	words      *words.Set
	page       *page.Page
	logo       template.URL
	admissions *session.Cache[*admission]
	questions  singleflight.Group        // to providers, about typed codes
	numberless *session.Cache[time.Time] // when the log told of an account without a number

	help, contact *page.Way
	restore       int64 // the size in bytes of the largest form that is kept; 0 keeps none
	notes         proxyNotes

	session, trust, idle, maxAge, staleOK, sendWait time.Duration
	names                                           cookieNames
	plainNames                                      cookieNames
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.sms_2fa", New: func() caddy.Module { return new(Handler) }}
}

// Provision prepares all that a request needs. It does no network I/O.
func (h *Handler) Provision(ctx caddy.Context) error {
	around := surroundings.Of(ctx, h)
	a, err := app.Of(ctx)
	if err != nil {
		return err
	}
	return h.join(ctx, a, around)
}

// join prepares a gate that takes part in an app.
func (h *Handler) join(ctx caddy.Context, a *app.App, around *surroundings.Surroundings) (err error) {
	h.log, h.app, h.clock = ctx.Logger(), a, a.Now
	h.Options = h.Options.Or(h.app.Options)
	if err := h.Validate(); err != nil {
		return err
	}
	h.settle(h.Options.Or(app.Defaults()))
	if err := h.Agree(); err != nil {
		return err
	}
	if h.identity, err = newIdentity(h.User, h.Bind); err != nil {
		return err
	}
	if err := h.judge(around); err != nil {
		return err
	}
	directories := h.app.DirectoryConfig()
	if h.DirectoryRaw != nil {
		directories = slices.Clone(h.DirectoryRaw)
	}
	if err := h.loadDirectories(ctx, around); err != nil {
		return err
	}
	if err := h.prepare(); err != nil {
		return err
	}
	return h.app.Enlist(h.card(directories, around))
}

// card is what the app gets to know of the gate.
func (h *Handler) card(directories guest.Modules, around *surroundings.Surroundings) app.Gate {
	return app.Gate{
		Zone: h.Zone, Policy: h.policy, Session: max(h.session, h.trust), Place: around.Place, Directory: h.directory,
		Basis: app.NewBasis(h.User, directories, h.Options, h.policy),
		Cookie: app.CookieReach{
			Hosts: around.Hosts, AnyHost: around.AnyHost, Domain: h.SharedDomain(), Bind: h.identity.bind.template,
		},
	}
}

// settle makes the options those of this gate, each with a value.
func (h *Handler) settle(o app.Options) {
	h.Options = o
	if h.User == "" {
		h.User = defaultUser
	}
	h.trust = time.Duration(*o.Trust)
	h.restore, _ = o.LargestForm()
	h.session, h.idle, h.maxAge = time.Duration(*o.Session), time.Duration(*o.Idle), time.Duration(*o.MaxAge)
	h.staleOK, h.sendWait = time.Duration(*o.StaleOK), time.Duration(*o.SendWait)
	h.names, h.plainNames = secureNames(o.Zone, o.CookieDomain), plainNames(o.Zone)
	h.admissions, h.numberless = session.NewCache[*admission](), session.NewCache[time.Time]()
}

// prepare reads what the options name, and warns of what is odd.
func (h *Handler) prepare() error {
	var err error
	if h.policy, err = h.Policy(); err != nil {
		return err
	}
	if h.fixedCodes, err = app.NewFixedCodes(h.TestNumbers, h.policy.CodeLength); err != nil {
		return err
	}
	if err := h.prepareWords(); err != nil {
		return err
	}
	if h.page, err = loadPage(h.Template, h.words); err != nil {
		return fmt.Errorf("template: %w", err)
	}
	if !h.page.Forms.Send && !h.page.Forms.Script && h.Send == "button" {
		return fmt.Errorf("template: with send button, nobody could get a text: the form is missing that asks for one; " +
			"expected <form method=\"post\" action=\"{{.SendURL}}\"> with the field csrf, which holds {{.CSRF}}")
	}
	if !h.page.Forms.Enroll && h.enrolment != nil {
		return fmt.Errorf("template: nobody could give a number to directory enroll: in the state enroll the form is " +
			"missing that takes it; expected <form method=\"post\" {{action .EnrollURL}}> with the fields csrf, " +
			"which holds {{.CSRF}}, number and country")
	}
	if err := h.checkSenders(); err != nil {
		return err
	}
	h.warn()
	return nil
}

func loadPage(path string, set *words.Set) (*page.Page, error) {
	if path == "" {
		return page.New(set), nil
	}
	return page.Load(path, set)
}

// checkSenders makes sure that every provider takes codes of the configured length.
func (h *Handler) checkSenders() error {
	for _, e := range h.app.Failover().Entries() {
		s, ok := e.Sender.(sms.CodeLimiter)
		if ok && h.policy.CodeLength > s.MaxCodeLength() {
			return fmt.Errorf("code_length: %d digits are more than the sender %s takes with a template; at most %d",
				h.policy.CodeLength, e.Name, s.MaxCodeLength())
		}
	}
	return nil
}

// ServeHTTP passes a verified request on and answers every other one.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	at := h.locate(r)
	if at.safe && at.meant.passes() {
		if a := h.admit(r, repl, at); a != nil {
			return h.pass(w, r, repl, next, at, a)
		}
	}
	if at.safe && at.meant == meantForThis && at.query.action == restoreAction && r.Method == http.MethodPost {
		if a := h.admit(r, repl, at); a != nil {
			return h.resend(w, r, repl, next, at, a)
		}
	}
	h.receive(w, r, repl, at)
	return nil
}

var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
