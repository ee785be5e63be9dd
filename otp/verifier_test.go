package otp_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
)

var number = otp.Recipient{Phone: "+15005550006"}

var alice = otp.Subject{Zone: "default", Name: "alice"}

// gauge counts what a store is asked, and fails writes on demand.
type gauge struct {
	store.Store
	calls   atomic.Int64
	refuses atomic.Bool
	loses   atomic.Bool // the answer to a write
	fails   atomic.Bool // over the limit of a phone, which it has written down
}

func (g *gauge) Get(ctx context.Context, key string) (store.Record, error) {
	g.calls.Add(1)
	return g.Store.Get(ctx, key)
}

func (g *gauge) Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error) {
	g.calls.Add(1)
	if g.refuses.Load() {
		return false, store.ErrRefused
	}
	ok, err := g.Store.Swap(ctx, key, old, next, expires)
	if err == nil && g.loses.CompareAndSwap(true, false) {
		return false, store.ErrUnavailable
	}
	return ok, err
}

func (g *gauge) Take(ctx context.Context, key, id string, limits []store.Limit) (time.Duration, error) {
	g.calls.Add(1)
	wait, err := g.Store.Take(ctx, key, id, limits)
	if err == nil && g.fails.CompareAndSwap(true, false) {
		return 0, store.ErrUnavailable
	}
	return wait, err
}

// took returns how many calls f made.
func (g *gauge) took(f func()) int64 {
	before := g.calls.Load()
	f()
	return g.calls.Load() - before
}

func newVerifier(t testing.TB) (*otp.Verifier, *gauge) {
	t.Helper()
	bolt := boltstore.New(filepath.Join(t.TempDir(), "store.db"), time.Now)
	t.Cleanup(func() { bolt.Close() })
	g := &gauge{Store: bolt}
	keys, err := otp.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return otp.NewVerifier(g, keys, rand.Reader), g
}

// begin begins a challenge and returns its ticket and code.
func begin(t *testing.T, v *otp.Verifier, s otp.Subject) (otp.Ticket, string) {
	t.Helper()
	ticket := otp.Ticket{Browser: otp.BrowserID{1}}
	o, err := v.Begin(t.Context(), s, ticket, otp.DefaultPolicy(), number)
	if err != nil || o.Kind != otp.Sending {
		t.Fatalf("begin: %s, %v", o.Kind, err)
	}
	ticket.Challenge = o.Challenge.ID
	return ticket, o.Dispatch.Code
}

func wrongCode(right string) string {
	last := (right[len(right)-1]-'0'+1)%10 + '0'
	return right[:len(right)-1] + string(last)
}

func TestLoginRoundTrips(t *testing.T) {
	t.Parallel()
	v, g := newVerifier(t)
	p := otp.DefaultPolicy()
	var o otp.Outcome
	ticket := otp.Ticket{Browser: otp.BrowserID{1}}
	began := g.took(func() { o, _ = v.Begin(t.Context(), alice, ticket, p, number) })
	ticket.Challenge = o.Challenge.ID
	sent := otp.Handover{Delivery: otp.DeliverySent}
	settled := g.took(func() { _, _ = v.Settle(t.Context(), alice, p, o.Dispatch, sent) })
	wrong := g.took(func() { _, _ = v.Check(t.Context(), alice, ticket, p, number, wrongCode(o.Dispatch.Code)) })
	right := g.took(func() { o, _ = v.Check(t.Context(), alice, ticket, p, number, o.Dispatch.Code) })
	if o.Kind != otp.Right {
		t.Fatalf("right code: %s", o.Kind)
	}
	if wrong != 2 {
		t.Errorf("a guess took %d round trips, want 2", wrong)
	}
	if login := began + settled + right; login > 8 {
		t.Errorf("a login took %d round trips (%d, %d, %d), want at most 8", login, began, settled, right)
	}
}

func TestParallelBeginSendsOnce(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	var sent atomic.Int64
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			ticket := otp.Ticket{Browser: otp.BrowserID{byte(i)}}
			o, err := v.Begin(t.Context(), alice, ticket, otp.DefaultPolicy(), number)
			if err != nil {
				t.Error(err)
			}
			if o.Kind == otp.Sending {
				sent.Add(1)
			}
		})
	}
	wg.Wait()
	if sent.Load() != 1 {
		t.Errorf("%d texts, want 1", sent.Load())
	}
}

func TestPhoneIsLimitedAcrossAccounts(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		begin(t, v, otp.Subject{Zone: "default", Name: name})
	}
	sixth := otp.Subject{Zone: "default", Name: "f"}
	o, err := v.Begin(t.Context(), sixth, otp.Ticket{}, otp.DefaultPolicy(), number)
	if err != nil || o.Kind != otp.Limited || o.Standing.ResendIn < 9*time.Minute {
		t.Errorf("sixth account on one phone: %s, wait %s, %v", o.Kind, o.Standing.ResendIn, err)
	}
	o, err = v.Send(t.Context(), sixth, otp.Ticket{}, otp.DefaultPolicy(), otp.Recipient{Phone: "+15005550009"})
	if err != nil || o.Kind != otp.Sending {
		t.Errorf("another phone: %s, %v", o.Kind, err)
	}
}

func TestZonesShareNothing(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	ticket, code := begin(t, v, alice)
	admin := otp.Subject{Zone: "admin", Name: "alice"}
	if o, _ := v.Check(t.Context(), admin, ticket, otp.DefaultPolicy(), number, code); o.Kind != otp.Expired {
		t.Errorf("a code of another zone: %s", o.Kind)
	}
	for range 3 {
		_, _ = v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), number, wrongCode(code))
	}
	if o, _ := v.Look(t.Context(), admin, otp.Ticket{}, otp.DefaultPolicy(), number); o.Kind == otp.Blocked {
		t.Error("a block reaches another zone")
	}
}

// An operator lifts the limits of the account and those of its phone, whoever has used them up.
func TestUnlockLiftsTheLimitOfThePhone(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	p := otp.DefaultPolicy()
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		begin(t, v, otp.Subject{Zone: "default", Name: name})
	}
	other := otp.Subject{Zone: "default", Name: "other"}
	if err := v.Unlock(t.Context(), other, p); err != nil {
		t.Fatal(err)
	}
	limited := otp.Subject{Zone: "default", Name: "f"}
	for _, step := range []struct {
		unlock bool
		want   otp.Kind
	}{{false, otp.Limited}, {true, otp.Sending}, {false, otp.Limited}, {true, otp.Sending}} {
		if step.unlock {
			if err := v.Unlock(t.Context(), limited, p); err != nil {
				t.Fatal(err)
			}
		}
		o, err := v.Send(t.Context(), limited, otp.Ticket{}, p, number)
		if err != nil || o.Kind != step.want {
			t.Errorf("unlocked %t: %s, wait %s, %v", step.unlock, o.Kind, o.Standing.ResendIn, err)
		}
	}
}

// When the store fails over an order, what is written down of the text is taken back on a time of its own: nobody
// waits for that text, and the next one goes out at once.
func TestOrderIsTakenBack(t *testing.T) {
	t.Parallel()
	p := otp.DefaultPolicy()
	for _, tt := range []struct {
		name string
		fail func(g *gauge)
	}{
		{"the answer to the order is lost", func(g *gauge) { g.loses.Store(true) }},
		{"the answer about the phone is lost", func(g *gauge) { g.fails.Store(true) }},
	} {
		for what, order := range map[string]func(*otp.Verifier, context.Context, otp.Ticket) (otp.Outcome, error){
			"begin": func(v *otp.Verifier, ctx context.Context, b otp.Ticket) (otp.Outcome, error) {
				return v.Begin(ctx, alice, b, p, number)
			},
			"send": func(v *otp.Verifier, ctx context.Context, b otp.Ticket) (otp.Outcome, error) {
				return v.Send(ctx, alice, b, p, number)
			},
		} {
			t.Run(tt.name+"/"+what, func(t *testing.T) {
				t.Parallel()
				v, g := newVerifier(t)
				b := otp.Ticket{Browser: otp.BrowserID{1}}
				tt.fail(g)
				o, err := order(v, t.Context(), b)
				if err == nil || o.Kind != "" || o.Dispatch.ID == "" || o.Dispatch.Code != "" {
					t.Fatalf("%+v, %v", o, err)
				}
				if err := v.TakeBack(t.Context(), alice, p, o.Dispatch); err != nil {
					t.Fatal(err)
				}
				for range p.Sends[0].Max { // none of them was used up
					if o, err = order(v, t.Context(), b); err != nil || o.Kind != otp.Sending {
						t.Fatalf("the next order: %s, %v", o.Kind, err)
					}
					if err := v.TakeBack(t.Context(), alice, p, o.Dispatch); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// Where nothing was written, nothing is to be taken back.
func TestNothingIsTakenBackThatWasNotWritten(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	o, err := v.Begin(over, alice, otp.Ticket{}, otp.DefaultPolicy(), number)
	if err == nil || o.Dispatch.ID != "" {
		t.Errorf("%+v, %v", o, err)
	}
}
