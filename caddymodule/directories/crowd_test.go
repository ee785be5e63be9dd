package directories

import (
	"container/heap"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	mathrand "math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
)

// crowd is many people at the page that asks for a number: with the limits as they are by default, a real store, and a
// clock of its own. For each of them it does what the gate does.
type crowd struct {
	t         testing.TB
	now       time.Time
	storeTime atomic.Int64 // now in nanoseconds, for the store
	random    *mathrand.Rand
	events    events

	verifier *otp.Verifier
	policy   otp.Policy
	limits   otp.Tries

	texts   int
	proved  int
	stopped map[string]int // by limit
}

// event is what somebody does at some time.
type event struct {
	at   time.Time
	what func()
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := len(*e) - 1
	next := (*e)[last]
	*e = (*e)[:last]
	return next
}

func newCrowd(t testing.TB) *crowd {
	t.Helper()
	c := &crowd{
		t: t, now: time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC), random: mathrand.New(mathrand.NewPCG(1, 2)),
		policy: otp.DefaultPolicy(), stopped: make(map[string]int),
	}
	terms, err := new(Enroll).read()
	if err != nil {
		t.Fatal(err)
	}
	c.limits = otp.Tries{Account: terms.Account, Address: terms.Address, Country: terms.Country, Total: terms.Total}
	dir := t.TempDir()
	if memory, err := os.MkdirTemp("/dev/shm", "crowd"); err == nil { // no disk to wait for
		t.Cleanup(func() { os.RemoveAll(memory) })
		dir = memory
	}
	store := boltstore.New(filepath.Join(dir, "store.db"), func() time.Time {
		return time.Unix(0, c.storeTime.Load()).UTC()
	})
	c.advance(c.now)
	t.Cleanup(func() { _ = store.Close() })
	root := sha256.Sum256([]byte("crowd"))
	keys, err := otp.NewKeys(root[:])
	if err != nil {
		t.Fatal(err)
	}
	c.verifier = otp.NewVerifier(store, keys, rand.Reader)
	return c
}

// in has something happen after a while.
func (c *crowd) in(d time.Duration, what func()) { heap.Push(&c.events, event{c.now.Add(d), what}) }

// between is a random duration.
func (c *crowd) between(low, high time.Duration) time.Duration {
	return low + time.Duration(c.random.Int64N(int64(high-low)))
}

// chance is true so often.
func (c *crowd) chance(percent int) bool { return c.random.IntN(100) < percent }

// run lets everything happen for a while.
func (c *crowd) run(d time.Duration) {
	end := c.now.Add(d)
	for c.events.Len() > 0 && !c.events[0].at.After(end) {
		next := heap.Pop(&c.events).(event)
		c.advance(next.at)
		next.what()
	}
	c.advance(end)
}

// advance moves the clock; the store's own sweep reads it from elsewhere.
func (c *crowd) advance(now time.Time) {
	c.now = now
	c.storeTime.Store(now.UnixNano())
}

// somebody is one of the crowd.
type somebody struct {
	*crowd
	subject     otp.Subject
	address     netip.Addr
	callingCode string

	ticket otp.Ticket
	number otp.Recipient
	latest string // code
	tried  []otp.TriedText
}

func (c *crowd) somebody(name, address, callingCode string) *somebody {
	p := &somebody{
		crowd: c, subject: otp.Subject{Zone: "default", Name: name}, address: netip.MustParseAddr(address),
		callingCode: callingCode,
	}
	p.ticket.Browser, _ = c.verifier.NewBrowser()
	return p
}

// must ends the test with an error.
func (p *somebody) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// give gives a number, and reports whether a text went to it.
func (p *somebody) give(number string) bool {
	ctx := context.Background()
	excess, err := p.verifier.TryNumber(ctx, p.subject, number, p.limits)
	p.must(err)
	if excess.Limit != "" {
		p.stopped[excess.Limit]++
		return false
	}
	p.must(p.verifier.Leave(ctx, p.subject, p.policy, number))
	if number != p.number.Phone {
		p.number, p.tried = otp.Recipient{Phone: number}, nil
	}
	return p.text()
}

// text asks for a text, and reports whether there was one.
func (p *somebody) text() bool {
	ctx := context.Background()
	o, err := p.verifier.Look(ctx, p.subject, p.ticket, p.policy, p.number)
	p.must(err)
	if o.Standing.ResendIn > 0 || o.Kind == otp.Blocked {
		return false
	}
	id := fmt.Sprint(p.subject.Name, len(p.tried), p.number.Phone)
	text := otp.TriedText{ID: id, Address: p.address, CallingCode: p.callingCode}
	excess, err := p.verifier.TryText(ctx, text, p.limits)
	p.must(err)
	if excess.Limit != "" {
		p.stopped[excess.Limit]++
		return false
	}
	o, err = p.verifier.Send(ctx, p.subject, p.ticket, p.policy, p.number)
	p.must(err)
	if o.Kind != otp.Sending {
		p.must(p.verifier.GiveText(ctx, text))
		return false
	}
	_, err = p.verifier.Settle(ctx, p.subject, p.policy, o.Dispatch, otp.Handover{Delivery: otp.DeliverySent})
	p.must(err)
	p.tried, p.latest, p.ticket.Challenge = append(p.tried, text), o.Dispatch.Code, o.Challenge.ID
	p.texts++
	return true
}

// prove types the code.
func (p *somebody) prove() {
	ctx := context.Background()
	o, err := p.verifier.Check(ctx, p.subject, p.ticket, p.policy, p.number, p.latest)
	p.must(err)
	if o.Kind != otp.Right {
		p.t.Fatalf("the right code is %s", o.Kind)
	}
	for _, text := range p.tried {
		p.must(p.verifier.GiveText(ctx, text))
	}
	p.proved++
}
