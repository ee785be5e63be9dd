package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/surroundings"
	"github.com/caddy-sms-2fa/gateway/sms"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
)

func init() {
	caddy.RegisterModule(new(worldStore))
	caddy.RegisterModule(new(worldSender))
}

// world is two gateways, their store and the phones of their visitors. Each gateway and the store have a clock of
// their own.
type world struct {
	t        testing.TB
	id       string
	dir      string
	time     clock // that browsers and phones have
	clock    clock // that the store has
	store    store.Store
	gateways [2]*gateway

	context caddy.Context
	cancel  context.CancelFunc
	people  int

	asleep sync.RWMutex // held while no gateway hears of the store
	faults atomic.Int32 // how many of the next writes to the store fail, after they have been done or before
	// Beginnings of keys under which nothing can be written, and nothing read; "" is none.
	unwritable, unreadable atomic.Value

	between atomic.Pointer[func()] // what happens after the next account has been read, before the reader knows it

	mu    sync.Mutex
	codes []string // that reached a phone, the newest last
}

// worlds are where the guests below find theirs.
var worlds sync.Map

var worldCount atomic.Int64

// clock is a clock that is put forward and back.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(0, c.at.Load()) }

func (c *clock) move(d time.Duration) { c.at.Add(int64(d)) }

// worldBegins is in the middle of a second: tokens have whole seconds.
var worldBegins = time.Duration(time.Date(2027, 3, 1, 12, 0, 0, 7e8, time.UTC).UnixNano())

// worldContext is what the contexts are made of in which the modules of worlds are loaded.
var worldContext = sync.OnceValues(func() (caddy.Context, error) {
	return caddy.ProvisionContext(&caddy.Config{Logging: &caddy.Logging{Logs: map[string]*caddy.CustomLog{
		"default": {BaseLog: caddy.BaseLog{WriterRaw: json.RawMessage(`{"output":"discard"}`)}},
	}}})
})

// newWorld begins a world whose gates have options beyond the usual ones, in JSON.
func newWorld(t testing.TB, options string) *world {
	t.Helper()
	dir, err := os.MkdirTemp(inMemory(), "world")
	if err != nil {
		t.Fatal(err)
	}
	base, err := worldContext()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, id: fmt.Sprint(worldCount.Add(1)), dir: dir}
	w.context, w.cancel = caddy.NewContext(base)
	worlds.Store(w.id, w)
	w.time.move(worldBegins)
	w.clock.move(worldBegins)
	w.store = boltstore.New(filepath.Join(dir, "store.db"), w.clock.now)
	for i := range w.gateways {
		g := &gateway{world: w, name: fmt.Sprint(i), options: options}
		g.clock.move(worldBegins)
		g.load()
		w.gateways[i] = g
	}
	return w
}

// inMemory is a file system that has no disk to wait for, "" where there is none.
func inMemory() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// end ends the world.
func (w *world) end() {
	for _, g := range w.gateways {
		g.unload()
	}
	w.cancel()
	_ = w.store.Close()
	worlds.Delete(w.id)
	os.RemoveAll(w.dir)
}

// pass lets time pass, for all.
func (w *world) pass(d time.Duration) {
	w.move(d)
	for _, g := range w.gateways {
		g.awaitStore()
	}
}

func (w *world) move(d time.Duration) {
	for _, c := range []*clock{&w.time, &w.clock, &w.gateways[0].clock, &w.gateways[1].clock} {
		c.move(d)
	}
}

// sleep lets time pass in which the machines of all gateways are halted. It returns when they go on, a moment before
// they hear of the store again.
func (w *world) sleep(d time.Duration) {
	w.asleep.Lock()
	w.move(d)
	time.AfterFunc(2*time.Millisecond, w.asleep.Unlock)
}

// received is how many texts have reached phones.
func (w *world) received() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.codes)
}

// latest is the code that reached a phone last.
func (w *world) latest() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.codes[len(w.codes)-1]
}

// person is somebody new.
func (w *world) person() person {
	w.people++
	return person{fmt.Sprint("person-", w.people), fmt.Sprintf("+1202555%04d", w.people)}
}

// person has a name and a phone.
type person struct{ name, phone string }

// gateway is one process.
type gateway struct {
	world   *world
	name    string
	options string
	clock   clock
	starts  int
	app     *app.App
	gate    *Handler
}

// load loads the configuration, as at the start of the process or at a reload.
func (g *gateway) load() {
	g.world.t.Helper()
	ctx := g.world.context
	a, h := app.New(g.clock.now), new(Handler)
	config := fmt.Sprintf(`{
		"secret": ["4Vmi3klYAf2BZMV3Or5SwgWC3Fh560Aqz//lMFyrBxg="],
		"store": {"store": "world", "world": %q, "process": "%s-%d"},
		"sender": [{"sender": "world", "world": %[1]q}],
		"phone": "{http.auth.user.phone}"
	}`, g.world.id, g.name, g.starts)
	for _, err := range []error{
		json.Unmarshal([]byte(config), a), json.Unmarshal([]byte(g.options), h), a.Provision(ctx),
		h.join(ctx, a, surroundings.Of(ctx, h)),
	} {
		if err != nil {
			g.world.t.Fatal(err)
		}
	}
	a.Backend().Start()
	old := g.app
	g.app, g.gate = a, h
	if old != nil {
		_ = old.Cleanup()
	}
	g.awaitStore()
}

func (g *gateway) unload() { _ = g.app.Cleanup() }

// restart starts another process in the place of this one.
func (g *gateway) restart() {
	g.starts++
	g.load()
}

// awaitStore waits until the gateway has heard of the store at the time that its clock shows.
func (g *gateway) awaitStore() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := g.app.Backend().Ready(ctx); err != nil {
		g.world.t.Fatal(err)
	}
	for g.app.Backend().Follower().Age() > time.Minute && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
}

// worldStore is the store of a world as one process sees it.
type worldStore struct {
	World   string `json:"world"`
	Process string `json:"process"`
}

func (*worldStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sms_2fa.stores.world", New: func() caddy.Module { return new(worldStore) }}
}

func (s *worldStore) StoreKey() string { return "world:" + s.World + ":" + s.Process }

func (s *worldStore) OpenStore() (store.Store, error) {
	w, _ := worlds.Load(s.World)
	return sharedStore{w.(*world).store, w.(*world)}, nil
}

// sharedStore is a store that outlives a process.
type sharedStore struct {
	store.Store
	world *world
}

func (sharedStore) Close() error { return nil }

// Follow waits no longer than a moment, so that a test need not wait until a gateway has heard of the store.
func (s sharedStore) Follow(ctx context.Context, cursor string, wait time.Duration) ([][]byte, string, error) {
	defer s.world.asleep.RUnlock()
	defer s.world.asleep.RLock()
	return s.Store.Follow(ctx, cursor, min(wait, time.Millisecond))
}

func begins(key string, prefix *atomic.Value) bool {
	p, _ := prefix.Load().(string)
	return p != "" && strings.HasPrefix(key, p)
}

// Get lets happen what is to happen in between, and fails where nothing can be read.
func (s sharedStore) Get(ctx context.Context, key string) (store.Record, error) {
	if begins(key, &s.world.unreadable) {
		return store.Record{}, store.ErrUnavailable
	}
	r, err := s.Store.Get(ctx, key)
	if strings.HasPrefix(key, "a:") {
		if happen := s.world.between.Swap(nil); happen != nil {
			(*happen)()
		}
	}
	return r, err
}

// Swap fails where a fault is due, or nothing can be written.
func (s sharedStore) Swap(ctx context.Context, key string, old, next []byte, until time.Time) (bool, error) {
	if begins(key, &s.world.unwritable) {
		return false, store.ErrUnavailable
	}
	return faulty(s.world, func() (bool, error) { return s.Store.Swap(ctx, key, old, next, until) })
}

// Take fails where a fault is due.
func (s sharedStore) Take(ctx context.Context, key, id string, limits []store.Limit) (time.Duration, error) {
	return faulty(s.world, func() (time.Duration, error) { return s.Store.Take(ctx, key, id, limits) })
}

// Append fails where a fault is due.
func (s sharedStore) Append(ctx context.Context, entry []byte, until time.Time, replaced ...string) (string, error) {
	return faulty(s.world, func() (string, error) { return s.Store.Append(ctx, entry, until, replaced...) })
}

func faulty[T any](w *world, write func() (T, error)) (done T, err error) {
	n := w.faults.Add(-1)
	if n < 0 {
		w.faults.Store(0)
		return write()
	}
	if rand.IntN(2) == 0 {
		_, _ = write()
	}
	return done, store.ErrUnavailable
}

// worldSender is the provider of a world.
type worldSender struct {
	World string `json:"world"`
}

func (*worldSender) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sms_2fa.senders.world", New: func() caddy.Module { return new(worldSender) }}
}

func (*worldSender) Name() string { return "world" }

func (s *worldSender) Send(_ context.Context, m sms.Message) (sms.Receipt, error) {
	found, _ := worlds.Load(s.World)
	w := found.(*world)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.codes = append(w.codes, m.Code)
	return sms.Receipt{ID: m.ID}, nil
}
