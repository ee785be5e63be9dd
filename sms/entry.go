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

// When a sender is passed over for a while: a provider that is down costs every visitor its timeout, while the next
// sender of the failover could have sent the text at once.
const (
	// breakerTrips is how many failures in a row that speak against the provider open the breaker of a sender.
	breakerTrips = 5
	// BreakerPause is how long an open breaker keeps a sender from its turns. After that time one message is handed to
	// the sender as a probe: when it is accepted the breaker closes, when it fails the pause begins again.
	BreakerPause = 10 * time.Second
)

// errResting is the cause of the error when a sender was passed over because its breaker is open.
var errResting = errors.New("the sender failed several times in a row and is left alone for a while")

// errPanic is the cause of the error when a sender panicked. The value of the panic is left out: it could hold a
// number, a code or a secret.
var errPanic = errors.New("the sender panicked")

// Entry is one sender in a failover, with the areas of numbers that it serves and a breaker of its own.
type Entry struct {
	// Name tells this sender from the others of the failover, in logs, metrics and reports.
	Name   string
	Sender Sender
	// Only lists the areas that the sender serves; empty means all. Except lists the areas that it does not serve,
	// also where Only has them; empty means none.
	Only, Except []phone.Area

	breaker *gobreaker.CircuitBreaker[Receipt]
	mu      sync.Mutex
	failed  []phone.Number // up to breakerTrips numbers whose texts failed since the latest text that did not
}

func (e *Entry) serves(n phone.Number) bool {
	return (len(e.Only) == 0 || phone.Anywhere(e.Only, n)) && !phone.Anywhere(e.Except, n)
}

// onlyCodes reports whether the sender cannot deliver a notice.
func (e *Entry) onlyCodes() bool {
	c, ok := e.Sender.(CodeCarrier)
	return ok && c.OnlyCodes()
}

func newBreaker(name string, onBreaker func(string, bool)) *gobreaker.CircuitBreaker[Receipt] {
	return gobreaker.NewCircuitBreaker[Receipt](gobreaker.Settings{
		Name:         name,
		Timeout:      BreakerPause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerTrips },
		IsSuccessful: func(err error) bool { return !ClassOf(err).countsAgainstProvider() },
		IsExcluded:   func(err error) bool { return errors.As(err, new(*repeated)) },
		OnStateChange: func(name string, from, to gobreaker.State) {
			// A probe that fails takes the breaker from half-open to open: the sender is left alone as before.
			if onBreaker != nil && (from == gobreaker.StateClosed || to == gobreaker.StateClosed) {
				onBreaker(name, to == gobreaker.StateOpen)
			}
		},
	})
}

// repeated wraps the failure of a text to a number that had failed before, since the latest text that did not fail.
type repeated struct{ error }

func (r *repeated) Unwrap() error { return r.error }

// send hands a message to the sender, unless its breaker is open or is waiting for the outcome of its probe: then the
// error is Temporary, and the sender was not asked.
//
// However often the texts to one number fail, the breaker counts one failure: providers have errors for odd numbers
// that no table lists, and the number of one visitor must not keep the texts from all others.
func (e *Entry) send(ctx context.Context, m Message) (Receipt, error) {
	receipt, err := e.breaker.Execute(func() (Receipt, error) {
		receipt, err := e.hand(ctx, m)
		if !ClassOf(err).countsAgainstProvider() {
			e.forgetFailed()
		} else if e.failedBefore(m.To) {
			err = &repeated{err}
		}
		return receipt, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return Receipt{}, &Error{Class: Temporary, Err: errResting}
	}
	return receipt, err
}

// failedBefore notes the number of a text that failed, and reports whether a text to this number had failed before.
func (e *Entry) failedBefore(to phone.Number) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := slices.Contains(e.failed, to)
	if !before && len(e.failed) < breakerTrips {
		e.failed = append(e.failed, to)
	}
	return before
}

// forgetFailed forgets the numbers whose texts failed, because the sender works.
func (e *Entry) forgetFailed() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed = nil
}

// hand calls the sender. A sender may be the plugin of another author. If it panics it may have sent the text, so the
// failure is Ambiguous; the process goes on.
func (e *Entry) hand(ctx context.Context, m Message) (receipt Receipt, err error) {
	defer func() {
		if recover() != nil {
			err = &Error{Class: Ambiguous, Err: errPanic}
		}
	}()
	return e.Sender.Send(ctx, m)
}
