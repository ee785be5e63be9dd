package caddymodule

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"

	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// App is what all sites share: the secret, the store, the sender, and the options that hold unless a site has its own.
//
// Secrets, like all credentials here, are best given as `{env.NAME}` or `{file./absolute/path}`; then they stand neither
// in the configuration nor in what Caddy saves of it.
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

	// Where the phone numbers are, for sites that do not say it themselves.
	DirectoryRaw json.RawMessage `json:"directory,omitempty" caddy:"namespace=sms_2fa.directories inline_key=directory"`

	Options

	route     *sms.Route
	reported  map[string]bool // senders whose reports come in here
	questions singleflight.Group
	grace     time.Duration
	ctx       caddy.Context
	directory DirectoryModule
	realm     *realm
	realmKey  string
	log       *zap.Logger
	gates     map[string]*Handler // the first one of each zone
	handlers  int
	longest   time.Duration // the longest session that any gate allows
}

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sms_2fa", New: func() caddy.Module { return new(App) }}
}

// Provision resolves secrets and loads the guests. It does no network I/O and opens no store.
func (a *App) Provision(ctx caddy.Context) error {
	a.log, a.ctx, a.reported = ctx.Logger(), ctx, make(map[string]bool)
	if err := a.Options.validate(); err != nil {
		return err
	}
	if err := metrics.register(ctx.GetMetricsRegistry()); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	if err := a.loadGuests(ctx); err != nil {
		return err
	}
	return a.joinRealm(ctx)
}

func (a *App) loadGuests(ctx caddy.Context) error {
	if a.MaxInFlight < 0 {
		return fmt.Errorf("max_in_flight: %d is not above 0", a.MaxInFlight)
	}
	err := a.loadRoute(ctx)
	if err == nil && a.DirectoryRaw != nil {
		a.directory, err = loadGuest[DirectoryModule](ctx, a, "DirectoryRaw", "directory")
	}
	return err
}

// joinRealm takes part in the realm of this store and these secrets, which an earlier configuration may have founded.
func (a *App) joinRealm(ctx caddy.Context) error {
	if a.StoreRaw == nil {
		a.StoreRaw = json.RawMessage(`{"store":"embedded"}`)
	}
	stores, err := loadGuest[StoreModule](ctx, a, "StoreRaw", "store")
	if err != nil {
		return err
	}
	ring, err := a.keyRing()
	if err != nil {
		return err
	}
	a.realm, a.realmKey, err = enterRealm(stores, ring, ctx.Storage())
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
	a.realm.start()
	if len(a.gates) == 0 {
		a.log.Warn("no route is guarded: the directive sms_2fa stands in no site")
	}
	for _, l := range a.route.Legs() {
		if s, ok := l.Sender.(interface{ StartupWarning() string }); ok {
			a.log.Warn(s.StartupWarning())
		}
	}
	return a.findGrace()
}

// enlist makes a gate known. Caddy provisions handlers one after the other, before it serves.
func (a *App) enlist(h *Handler) {
	a.handlers++
	a.longest = max(a.longest, h.session)
	if a.gates == nil {
		a.gates = make(map[string]*Handler)
	}
	if a.gates[h.Zone] == nil {
		a.gates[h.Zone] = h
	}
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

// Stop gives the texts on their way their time when Caddy exits. Otherwise it does nothing: requests of this configuration
// may still be under way.
func (a *App) Stop() error {
	if caddy.Exiting() {
		a.realm.outbox.close(a.grace)
	}
	return nil
}

// Cleanup leaves the realm.
func (a *App) Cleanup() error {
	if a.realm == nil {
		return nil
	}
	return leaveRealm(a.realmKey)
}

func (a *App) now() time.Time { return time.Now() }

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
