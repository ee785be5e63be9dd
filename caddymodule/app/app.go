// Package app is the Caddy app sms_2fa: what all sites share, and what outlives a configuration.
//
// The [App] reads the secret, the store, the senders and the [Options] that hold unless a site has its own. The
// [Backend] is one store and one set of secrets with all that depends on both; configurations come and go, the
// backend stays as long as one of them uses it. The [Outbox] is the texts on their way.
//
// The gate, the reports and the operator's part stand on this package and not on each other.
package app

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func init() {
	caddy.RegisterModule(new(App))
	httpcaddyfile.RegisterGlobalOption("sms_2fa", parseApp)
}

// App is what all sites share: the secret, the store, the sender, and the options that hold unless a site has its own.
//
// Secrets, like all credentials here, are best given as `{env.NAME}` or `{file./absolute/path}`; then they stand
// neither in the configuration nor in what Caddy saves of it.
type App struct {
	// The secrets from which all keys are derived: 32 or more random bytes each, in base64 or hex. The first one signs;
	// older ones behind it stay valid. Gateways that share a store need the same. Default: one is made, and kept in
	// Caddy's storage.
	Secret []string `json:"secret,omitempty"`

	// Where codes in progress, counters and blocks are kept: `embedded`, a file in Caddy's data directory, or `redis`.
	// Default: `embedded`.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=sms_2fa.stores inline_key=store"`

	// Who delivers the texts. The first one is tried first; the next one only when the one before surely has not accepted
	// the text. Required.
	SenderRaw []json.RawMessage `json:"sender,omitempty" caddy:"namespace=sms_2fa.senders inline_key=sender"`

	// How many texts may be on their way to providers at once. Visitors beyond that are asked to come back in a moment.
	// Default: `100`.
	MaxInFlight int `json:"max_in_flight,omitempty"`

	// Where the phone numbers are, for sites that do not say it themselves: directories that are asked in order until
	// one has a number.
	DirectoryRaw guest.Modules `json:"directory,omitempty" caddy:"namespace=sms_2fa.directories inline_key=directory"`

	// Keeps the numbers of directories in the register too, encrypted and without end, once a code has proved them: `on`
	// or `off`. Numbers that visitors have given are kept in any case. Default: `on` if there is a directory `enroll`,
	// `off` otherwise.
	Register string `json:"register,omitempty"`

	Options

	ctx   caddy.Context
	log   *zap.Logger
	clock func() time.Time
	rand  io.Reader

	directories []*directory.Link
	links       []*directory.Link // those, and those of the gates
	enrolling   []Enrolling       // those of them that let visitors give their numbers
	// directoryConfig is DirectoryRaw, which Caddy clears once the directories are loaded.
	directoryConfig guest.Modules

	failover   *sms.Failover
	reported   map[string]bool // senders whose reports come in here
	backend    *Backend
	backendKey string
	gates      gates
	grace      time.Duration
	endings    singleflight.Group // of sessions, by what ends and the ID of a session
}

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sms_2fa", New: func() caddy.Module { return New(time.Now) }}
}

// New returns an app that is not provisioned yet, with the clock of its gateway.
func New(clock func() time.Time) *App {
	return &App{clock: clock, rand: rand.Reader, reported: make(map[string]bool)}
}

// Of finds the app for a handler that is being provisioned.
func Of(ctx caddy.Context) (*App, error) {
	app, err := ctx.App("sms_2fa")
	if err != nil {
		return nil, fmt.Errorf("the global option sms_2fa: %w", err)
	}
	return app.(*App), nil
}

// Provision resolves secrets and loads the guests. It does no network I/O and opens no store.
func (a *App) Provision(ctx caddy.Context) error {
	a.log, a.ctx = ctx.Logger(), ctx
	if err := a.Validate(); err != nil {
		return err
	}
	if err := validateRegister(a.Register); err != nil {
		return err
	}
	if a.MaxInFlight < 0 {
		return fmt.Errorf("max_in_flight: %d is not above 0", a.MaxInFlight)
	}
	if err := metrics.Register(ctx.GetMetricsRegistry()); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	if err := a.loadSenders(ctx); err != nil {
		return err
	}
	if err := a.loadDirectories(ctx); err != nil {
		return err
	}
	return a.joinBackend(ctx)
}

func (a *App) loadDirectories(ctx caddy.Context) (err error) {
	if a.DirectoryRaw != nil {
		a.directoryConfig = slices.Clone(a.DirectoryRaw)
		a.directories, err = a.LoadDirectories(ctx, a, "DirectoryRaw")
	}
	return err
}

// joinBackend takes part in the backend of this store and these secrets, which an earlier configuration may have
// founded.
func (a *App) joinBackend(ctx caddy.Context) error {
	if a.StoreRaw == nil {
		a.StoreRaw = json.RawMessage(`{"store":"embedded"}`)
	}
	stores, err := guest.Load[guest.Store](ctx, a, "StoreRaw", "store")
	if err != nil {
		return err
	}
	ring, err := a.keyRing()
	if err != nil {
		return err
	}
	a.backend, a.backendKey, err = enterBackend(foundation{stores, ring, ctx.Storage(), a.clock, a.rand})
	return err
}

// keyRing makes the ring of the configured secrets, nil when there is none.
func (a *App) keyRing() (*session.KeyRing, error) {
	if len(a.Secret) == 0 {
		return nil, nil
	}
	repl := caddy.NewReplacer()
	var secrets []string
	for i, s := range a.Secret {
		resolved, err := repl.ReplaceOrErr(s, true, true)
		if err != nil {
			return nil, fmt.Errorf("secret: number %d: %w", i+1, err)
		}
		secrets = append(secrets, resolved)
	}
	ring, err := session.NewKeyRing(secrets...)
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	return ring, nil
}

// Start begins to follow the store. Requests that came earlier have begun it already.
func (a *App) Start() error {
	a.backend.Start()
	if len(a.gates.enlisted) == 0 {
		a.log.Warn("no route is guarded: the directive sms_2fa stands in no site")
	}
	for _, e := range a.failover.Entries() {
		if s, ok := e.Sender.(interface{ StartupWarning() string }); ok {
			a.log.Warn(s.StartupWarning())
		}
	}
	return a.findGrace()
}

// findGrace finds out how long Caddy gives requests when it exits; texts on their way get the same.
func (a *App) findGrace() error {
	a.grace = farewell
	app, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return nil //nolint:nilerr // no site, no grace period
	}
	if http, ok := app.(*caddyhttp.App); ok && http.GracePeriod > 0 {
		a.grace = time.Duration(http.GracePeriod)
	}
	return nil
}

// Stop gives the texts on their way their time when Caddy exits. Otherwise it does nothing: requests of this
// configuration may still be under way.
func (a *App) Stop() error {
	if caddy.Exiting() {
		a.backend.outbox.close(a.grace)
	}
	return nil
}

// Cleanup leaves the backend.
func (a *App) Cleanup() error {
	if a.backend == nil {
		return nil
	}
	return leaveBackend(a.backendKey)
}

// Now is the gateway's clock.
func (a *App) Now() time.Time { return a.clock() }

// Log is the app's log.
func (a *App) Log() *zap.Logger { return a.log }

// Backend is the store and the secrets of this configuration.
func (a *App) Backend() *Backend { return a.backend }

// DirectoryConfig is the directories of sites that have none of their own, as they are configured.
func (a *App) DirectoryConfig() guest.Modules { return a.directoryConfig }

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
