package otp_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
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
	return g.Store.Swap(ctx, key, old, next, expires)
}

func (g *gauge) Take(ctx context.Context, key, id string, limits []store.Limit) (time.Duration, error) {
	g.calls.Add(1)
	return g.Store.Take(ctx, key, id, limits)
}

// took returns how many calls f made.
func (g *gauge) took(f func()) int64 {
	before := g.calls.Load()
	f()
	return g.calls.Load() - before
}

func newVerifier(t *testing.T) (*otp.Verifier, *gauge) {
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
	settled := g.took(func() { _, _ = v.Settle(t.Context(), alice, p, o.Dispatch, otp.Handover{Delivery: otp.DeliverySent}) })
	wrong := g.took(func() { _, _ = v.Check(t.Context(), alice, ticket, p, wrongCode(o.Dispatch.Code)) })
	right := g.took(func() { o, _ = v.Check(t.Context(), alice, ticket, p, o.Dispatch.Code) })
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
			o, err := v.Begin(t.Context(), alice, otp.Ticket{Browser: otp.BrowserID{byte(i)}}, otp.DefaultPolicy(), number)
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

func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		guess func(i int, code string) string
		check func(t *testing.T, kinds map[otp.Kind]int, sessions map[string]bool)
	}{
		{"200 different ones, none right", func(i int, code string) string {
			return string((code[0]-'0'+1)%10+'0') + code[1:3] + string([]byte{byte('0' + i/100), byte('0' + i/10%10), byte('0' + i%10)})
		}, func(t *testing.T, kinds map[otp.Kind]int, sessions map[string]bool) {
			if kinds[otp.Wrong] != 2 || kinds[otp.Blocked] < 197 {
				t.Errorf("outcomes %v, want 2 wrong and the others blocked", kinds)
			}
		}},
		{"50 copies of the right one", func(i int, code string) string { return code },
			func(t *testing.T, kinds map[otp.Kind]int, sessions map[string]bool) {
				if kinds[otp.Right] == 0 || len(sessions) != 1 {
					t.Errorf("outcomes %v open %d sessions, want one", kinds, len(sessions))
				}
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, _ := newVerifier(t)
			ticket, code := begin(t, v, alice)
			kinds, sessions := make(map[otp.Kind]int), make(map[string]bool)
			n := 200
			if strings.HasPrefix(tt.name, "50") {
				n = 50
			}
			var mu sync.Mutex
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					o, err := v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), tt.guess(i, code))
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Error(err)
					}
					kinds[o.Kind]++
					if o.Kind == otp.Right {
						sessions[o.Session] = true
					}
				})
			}
			wg.Wait()
			tt.check(t, kinds, sessions)
		})
	}
}

// With a store that reads and does not write, even the right code must not be told from a wrong one.
func TestNothingIsComparedWhatCannotBeCounted(t *testing.T) {
	t.Parallel()
	v, g := newVerifier(t)
	ticket, code := begin(t, v, alice)
	g.refuses.Store(true)
	for _, guess := range []string{code, wrongCode(code)} {
		o, err := v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), guess)
		if !errors.Is(err, store.ErrRefused) || o.Kind != "" {
			t.Errorf("outcome %q, error %v; want only the store's refusal", o.Kind, err)
		}
	}
	g.refuses.Store(false)
	if o, err := v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), code); o.Kind != otp.Right {
		t.Errorf("afterwards: %s, %v", o.Kind, err)
	}
}

func TestMalformedIsNotCounted(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	ticket, code := begin(t, v, alice)
	for range 10 {
		if o, _ := v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), "12345"); o.Kind != otp.Malformed || o.Standing.AttemptsLeft != 3 {
			t.Fatalf("%s, %d left", o.Kind, o.Standing.AttemptsLeft)
		}
	}
	if o, _ := v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), code); o.Kind != otp.Right {
		t.Errorf("right code: %s", o.Kind)
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
	if o, _ := v.Check(t.Context(), admin, ticket, otp.DefaultPolicy(), code); o.Kind != otp.Expired {
		t.Errorf("a code of another zone: %s", o.Kind)
	}
	for range 3 {
		_, _ = v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), wrongCode(code))
	}
	if o, _ := v.Look(t.Context(), admin, otp.Ticket{}, otp.DefaultPolicy()); o.Kind == otp.Blocked {
		t.Error("a block reaches another zone")
	}
}

func TestReportFindsItsText(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	p := otp.DefaultPolicy()
	ticket := otp.Ticket{Browser: otp.BrowserID{1}}
	o, err := v.Begin(t.Context(), alice, ticket, p, number)
	if err != nil {
		t.Fatal(err)
	}
	ticket.Challenge = o.Challenge.ID
	if _, err := v.Settle(t.Context(), alice, p, o.Dispatch, otp.Handover{Delivery: otp.DeliverySent, Via: "one", Track: "SM1"}); err != nil {
		t.Fatal(err)
	}
	policy := func(zone string) otp.Policy {
		if zone != alice.Zone {
			t.Errorf("zone %q", zone)
		}
		return p
	}
	for _, tt := range []struct {
		via, name   string
		known, news bool
	}{{"one", "SM2", false, false}, {"two", "SM1", false, false}, {"one", "SM1", true, true}, {"one", "SM1", true, false}} {
		r, err := v.Report(t.Context(), tt.via, tt.name, otp.DeliveryDelivered, policy)
		if err != nil || r.Known != tt.known || r.News != tt.news {
			t.Errorf("%s %s: %+v, %v", tt.via, tt.name, r, err)
		}
	}
	if o, err = v.Look(t.Context(), alice, ticket, p); err != nil || o.Standing.Delivery != otp.DeliveryDelivered {
		t.Errorf("told %q, %v", o.Standing.Delivery, err)
	}
}

// Who made a code is asked only after the guess is written down, and decides alone.
func TestForeignCodeIsAskedFor(t *testing.T) {
	t.Parallel()
	v, g := newVerifier(t)
	p := otp.DefaultPolicy()
	to := otp.Recipient{Phone: number.Phone, Maker: func(string) string { return "one" }}
	ticket := otp.Ticket{Browser: otp.BrowserID{1}}
	o, err := v.Begin(t.Context(), alice, ticket, p, to)
	if err != nil {
		t.Fatal(err)
	}
	ticket.Challenge = o.Challenge.ID
	ours := o.Dispatch.Code
	if o, err = v.Check(t.Context(), alice, ticket, p, ours); err != nil || o.Kind != otp.Asking || o.Text.Maker != "one" || o.Standing.AttemptsLeft != 2 {
		t.Fatalf("our code, which was never texted: %s, %v", o.Kind, err)
	}
	if o, err = v.Decide(t.Context(), alice, ticket, p, "one", ours, false); err != nil || o.Kind != otp.Wrong {
		t.Errorf("its maker says no: %s, %v", o.Kind, err)
	}
	if o, err = v.Decide(t.Context(), alice, ticket, p, "one", wrongCode(ours), true); err != nil || o.Kind != otp.Expired {
		t.Errorf("a guess that was never written down: %s, %v", o.Kind, err)
	}
	g.refuses.Store(true)
	if o, err = v.Check(t.Context(), alice, ticket, p, "314159"); err == nil || o.Kind == otp.Asking {
		t.Errorf("a guess that could not be written down: %s, %v", o.Kind, err)
	}
	g.refuses.Store(false)
	if o, err = v.Check(t.Context(), alice, ticket, p, "314159"); err != nil || o.Kind != otp.Asking {
		t.Fatalf("%s, %v", o.Kind, err)
	}
	first, err := v.Decide(t.Context(), alice, ticket, p, "one", "314159", true)
	if err != nil || first.Kind != otp.Right || first.Session == "" {
		t.Fatalf("its maker says yes: %s, %v", first.Kind, err)
	}
	again, err := v.Check(t.Context(), alice, ticket, p, "314159")
	if err != nil || again.Kind != otp.Right || again.Session != first.Session {
		t.Errorf("the same guess again, which its maker would not take: %s, %v", again.Kind, err)
	}
}
