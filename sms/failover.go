package sms

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// When a sender is passed over for a while: a provider that is down costs every visitor its timeout, and the next sender
// could long be at work.
const (
	// breakerTrips is how many failures in a row that speak against the provider open its breaker.
	breakerTrips = 5
	// BreakerPause is how long an open breaker keeps a sender out of the failover. Then one message is let through, and what
	// becomes of it decides.
	BreakerPause = 10 * time.Second
)

// errResting is why a sender was passed over.
var errResting = errors.New("the sender failed several times in a row and is left alone for a while")

// errPanic is what is told of a sender that panicked: what it panicked with could hold anything.
var errPanic = errors.New("the sender panicked")

// errNoSender says that no sender is for a number.
var errNoSender = errors.New("no sender is for numbers of this area, see its options only and except")

// Leg is one sender of the failover, and the numbers that it is for.
type Leg struct {
	// Name tells this sender from the others of the failover, in logs, metrics and reports.
	Name   string
	Sender Sender
	// Only and Except are the areas that it is for and not for. Empty means everywhere, and nowhere.
	Only, Except []phone.Area

	breaker *gobreaker.CircuitBreaker[Receipt]
	mu      sync.Mutex
	failed  []phone.Number // that failed since the latest text that did not
}

func (l *Leg) serves(n phone.Number) bool {
	return (len(l.Only) == 0 || phone.Anywhere(l.Only, n)) && !phone.Anywhere(l.Except, n)
}

// Failover is all senders there are, in the order in which they are tried.
type Failover struct{ legs []*Leg }

// NewFailover returns a failover over legs, whose names must differ. onBreaker, if it is not nil, is called when a sender is
// left alone, and when it is asked again.
func NewFailover(legs []*Leg, onBreaker func(name string, resting bool)) *Failover {
	for _, l := range legs {
		l.breaker = newBreaker(l.Name, onBreaker)
	}
	return &Failover{legs: legs}
}

func newBreaker(name string, onBreaker func(string, bool)) *gobreaker.CircuitBreaker[Receipt] {
	return gobreaker.NewCircuitBreaker[Receipt](gobreaker.Settings{
		Name:         name,
		Timeout:      BreakerPause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerTrips },
		IsSuccessful: func(err error) bool { return !ClassOf(err).sick() },
		IsExcluded:   func(err error) bool { return errors.As(err, new(*again)) },
		OnStateChange: func(name string, from, to gobreaker.State) {
			// An attempt that fails again, from half-open to open, is no news.
			if onBreaker != nil && (from == gobreaker.StateClosed || to == gobreaker.StateClosed) {
				onBreaker(name, to == gobreaker.StateOpen)
			}
		},
	})
}

// Try is one sender's turn with a message.
type Try struct {
	Sender  string // the leg's name, "" when the failover has none for the number
	Receipt Receipt
	Err     error // nil, or an *Error
}

// Start says where a message begins its way along the failover.
type Start struct {
	// After names the sender to begin behind, which goes last; "" begins with the first.
	After string
	// Fits picks the senders that have their turns before the others, nil none.
	Fits func(*Leg) bool
}

// Send hands a message to the first sender that takes it, and returns every turn; the last one tells how it went, and
// there is always one. The next sender is asked only where the one before surely has not accepted the message, and where
// the failure was not the number's: no message is sent twice. All turns together end with ctx.
func (f *Failover) Send(ctx context.Context, m Message, start Start) []Try {
	var tries []Try
	for _, l := range f.from(m.To, start) {
		receipt, err := l.send(ctx, m)
		tries = append(tries, Try{Sender: l.Name, Receipt: receipt, Err: err})
		if err == nil || !ClassOf(err).another() || ctx.Err() != nil {
			return tries
		}
	}
	if len(tries) == 0 {
		return []Try{{Err: &Error{Class: Config, Err: errNoSender}}}
	}
	return tries
}

// again wraps a failure of a number that had one before, since the latest text that did not fail.
type again struct{ error }

func (a *again) Unwrap() error { return a.error }

// send gives a leg its turn. A breaker that is open, or tries one message out at this moment, keeps its sender from it. However
// often one number fails, it counts once: providers have errors for odd numbers that nobody has listed, and one visitor's must not
// keep the texts from all others.
func (l *Leg) send(ctx context.Context, m Message) (Receipt, error) {
	receipt, err := l.breaker.Execute(func() (Receipt, error) {
		receipt, err := l.hand(ctx, m)
		if !ClassOf(err).sick() {
			l.works()
		} else if l.failsAgain(m.To) {
			err = &again{err}
		}
		return receipt, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return Receipt{}, &Error{Class: Temporary, Err: errResting}
	}
	return receipt, err
}

// failsAgain notes the number of a text that failed, and reports whether it had failed before.
func (l *Leg) failsAgain(to phone.Number) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	again := slices.Contains(l.failed, to)
	if !again && len(l.failed) < breakerTrips {
		l.failed = append(l.failed, to)
	}
	return again
}

func (l *Leg) works() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = nil
}

// hand calls the sender. One that panics, which other plugins bring, may have sent; it must not take the process down.
func (l *Leg) hand(ctx context.Context, m Message) (receipt Receipt, err error) {
	defer func() {
		if recover() != nil {
			err = &Error{Class: Ambiguous, Err: errPanic}
		}
	}()
	return l.Sender.Send(ctx, m)
}

// from lists the legs for a number, in the order of their turns.
func (f *Failover) from(to phone.Number, start Start) []*Leg {
	var before, behind []*Leg
	passed := false
	for _, l := range f.legs {
		switch {
		case !l.serves(to):
		case passed:
			behind = append(behind, l)
		default:
			before = append(before, l)
		}
		passed = passed || start.After != "" && l.Name == start.After
	}
	all := append(behind, before...)
	if start.Fits != nil {
		slices.SortStableFunc(all, func(a, b *Leg) int { return turn(start.Fits(a)) - turn(start.Fits(b)) })
	}
	return all
}

func turn(fits bool) int {
	if fits {
		return 0
	}
	return 1
}

// First is the leg that is asked first for a number, nil when there is none.
func (f *Failover) First(to phone.Number, start Start) *Leg {
	if legs := f.from(to, start); len(legs) > 0 {
		return legs[0]
	}
	return nil
}

// Leg finds a leg by its name, or nil.
func (f *Failover) Leg(name string) *Leg {
	for _, l := range f.legs {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// Legs are all legs, in order.
func (f *Failover) Legs() []*Leg { return f.legs }
