package sms_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// scripted is a sender that returns a fixed error, or accepts every message.
type scripted struct {
	name string
	mu   sync.Mutex
	err  error
	sent int
}

func (s *scripted) Name() string { return s.name }

func (s *scripted) Send(context.Context, sms.Message) (sms.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == errPanics {
		panic("+15005550006")
	}
	s.sent++
	return sms.Receipt{ID: s.name}, s.err
}

var errPanics = errors.New("panics")

func entry(s *scripted, areas ...phone.Area) *sms.Entry {
	return &sms.Entry{Name: s.name, Sender: s, Only: areas}
}

func fails(c sms.Class) error { return &sms.Error{Class: c} }

func senders(tries []sms.Try) (names []string) {
	for _, t := range tries {
		names = append(names, t.Sender)
	}
	return names
}

// The next sender is tried if the sender before has surely not accepted the text and the reason is not the number, and
// in no other case.
func TestRouteGoesOn(t *testing.T) {
	t.Parallel()
	goesOn := map[sms.Class]bool{
		sms.RateLimited: true, sms.Unauthorized: true, sms.Account: true, sms.Config: true, sms.Temporary: true,
		sms.InvalidNumber: false, sms.Blocked: false, sms.Ambiguous: false,
	}
	for _, class := range sms.Classes {
		one, two := &scripted{name: "one", err: fails(class)}, &scripted{name: "two"}
		tries := sms.NewFailover([]*sms.Entry{entry(one), entry(two)}, nil).Send(t.Context(), message, sms.Order{})
		want := []string{"one"}
		if goesOn[class] {
			want = append(want, "two")
		}
		if got := senders(tries); !slices.Equal(got, want) {
			t.Errorf("%s: tried %v, want %v", class, got, want)
		}
		if went := sms.ClassOf(tries[len(tries)-1].Err); goesOn[class] != (went == "") {
			t.Errorf("%s: ended as %q", class, went)
		}
	}
	odd := &scripted{name: "odd", err: errors.New("of no class")}
	two := &scripted{name: "two"}
	tries := sms.NewFailover([]*sms.Entry{entry(odd), entry(two)}, nil).Send(t.Context(), message, sms.Order{})
	if len(tries) != 1 || sms.ClassOf(tries[0].Err) != sms.Ambiguous {
		t.Errorf("an error without a class: %+v", tries)
	}
	panics := &scripted{name: "panics", err: errPanics}
	tries = sms.NewFailover([]*sms.Entry{entry(panics), entry(two)}, nil).Send(t.Context(), message, sms.Order{})
	judge(t, tries[len(tries)-1].Err, sms.Ambiguous, nil)
}

func TestFailoverByNumber(t *testing.T) {
	t.Parallel()
	armenia, world := &scripted{name: "armenia"}, &scripted{name: "world"}
	failover := sms.NewFailover([]*sms.Entry{
		entry(armenia, "+374"),
		{Name: "world", Sender: world, Except: []phone.Area{"DE"}},
	}, nil)
	tests := []struct {
		to   phone.Number
		skip string
		want []string
	}{
		{"+37410123456", "", []string{"armenia"}},
		{"+15005550006", "", []string{"world"}},
		{"+4915123456789", "", []string{""}},
		{"+37410123456", "armenia", []string{"world"}},
		{"+37410123456", "world", []string{"armenia"}},
		{"+37410123456", "gone", []string{"armenia"}},
		{"+15005550006", "world", []string{"world"}},
	}
	for _, tt := range tests {
		m := message
		m.To = tt.to
		if got := senders(failover.Send(t.Context(), m, sms.Order{SkipSender: tt.skip})); !slices.Equal(got, tt.want) {
			t.Errorf("to %s after %q: tried %v, want %v", tt.to.E164()[:4], tt.skip, got, tt.want)
		}
	}
	tries := failover.Send(t.Context(), sms.Message{To: "+4915123456789"}, sms.Order{})
	if sms.ClassOf(tries[0].Err) != sms.Config {
		t.Errorf("a number that no sender is for: %v", tries[0].Err)
	}
}

// A sender that keeps failing is passed over, and gets one message after a pause. Numbers that it refuses do not count
// for its breaker.
func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := &scripted{name: "one", err: fails(sms.InvalidNumber)}, &scripted{name: "two"}
		var news []bool
		failover := sms.NewFailover([]*sms.Entry{entry(one), entry(two)},
			func(_ string, resting bool) { news = append(news, resting) })
		send := func(n int) {
			for range n {
				failover.Send(t.Context(), toAnother(), sms.Order{})
			}
		}
		send(20)
		if one.sent != 20 || len(news) != 0 {
			t.Errorf("numbers that were refused: sent %d, news %v", one.sent, news)
		}
		one.err = fails(sms.Unauthorized)
		send(20)
		if one.sent != 25 || two.sent != 20 || !slices.Equal(news, []bool{true}) {
			t.Errorf("one was asked %d times, two %d times, news %v", one.sent, two.sent, news)
		}
		time.Sleep(sms.BreakerPause + time.Second)
		send(2)
		if one.sent != 26 {
			t.Errorf("after the pause one was asked %d times more, want once", one.sent-25)
		}
		one.err = nil
		time.Sleep(sms.BreakerPause + time.Second)
		send(3)
		if one.sent != 29 || !slices.Equal(news, []bool{true, false}) {
			t.Errorf("one works again: asked %d times more, news %v", one.sent-26, news)
		}
	})
}

var numbers atomic.Int64

// toAnother is a message to a number that no message went to before.
func toAnother() sms.Message {
	m := message
	m.To = phone.Number(fmt.Sprintf("+3741%07d", numbers.Add(1)))
	return m
}

// However often the texts to a few numbers fail, the breaker stays closed, and other numbers get their texts.
func TestBreakerCountsNumbers(t *testing.T) {
	t.Parallel()
	one := &scripted{name: "one", err: fails(sms.Config)}
	failover := sms.NewFailover([]*sms.Entry{entry(one)}, nil)
	odd := []sms.Message{toAnother(), toAnother(), toAnother(), toAnother()}
	for i := range 20 {
		judge(t, failover.Send(t.Context(), odd[i%len(odd)], sms.Order{})[0].Err, sms.Config, nil)
	}
	one.err = nil
	last := toAnother()
	if tries := failover.Send(t.Context(), last, sms.Order{}); tries[0].Err != nil {
		t.Errorf("another number: %v", tries[0].Err)
	}
	one.err, one.sent = fails(sms.Config), 0
	for _, m := range append(odd, last, toAnother()) {
		failover.Send(t.Context(), m, sms.Order{})
	}
	if one.sent != 5 {
		t.Errorf("asked %d times; after a success all numbers count anew", one.sent)
	}
}

// A message is offered to the preferred senders first, and to the others if all of these have surely not accepted it.
func TestRouteOfThoseThatFit(t *testing.T) {
	t.Parallel()
	one, two, three := &scripted{name: "one"}, &scripted{
		name: "two",
		err:  fails(sms.Temporary),
	}, &scripted{name: "three"}
	failover := sms.NewFailover([]*sms.Entry{entry(one), entry(two), entry(three)}, nil)
	for _, tt := range []struct {
		skip   string
		prefer []string
		want   []string
	}{
		{"", []string{"two", "three"}, []string{"two", "three"}},
		{"two", []string{"one", "two"}, []string{"one"}},
		{"", []string{"two"}, []string{"two", "one"}},
		{"", nil, []string{"one"}},
	} {
		prefer := func(l *sms.Entry) bool { return slices.Contains(tt.prefer, l.Name) }
		if got := senders(failover.Send(t.Context(), message,
			sms.Order{SkipSender: tt.skip, Prefer: prefer})); !slices.Equal(got, tt.want) {
			t.Errorf("skipping %q, %v preferred: tried %v, want %v", tt.skip, tt.prefer, got, tt.want)
		}
	}
}

// When the breaker of the only sender is open, a message fails at once.
func TestBreakerOfTheOnlySender(t *testing.T) {
	t.Parallel()
	one := &scripted{name: "one", err: fails(sms.Temporary)}
	failover := sms.NewFailover([]*sms.Entry{entry(one)}, nil)
	for range 10 {
		tries := failover.Send(t.Context(), toAnother(), sms.Order{})
		judge(t, tries[0].Err, sms.Temporary, nil)
	}
	if one.sent != 5 {
		t.Errorf("asked %d times", one.sent)
	}
}
