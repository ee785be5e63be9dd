package directory

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// When a directory is left alone for a while: a server that is down costs every visitor the timeout, and questions
// that pile up keep the server from coming back.
const (
	// breakerTrips is how many people in a row the server must fail to tell of, until it is left alone.
	breakerTrips = 5
	// BreakerPause is how long a directory is left alone. After that time one question is asked as a probe: when it is
	// answered all questions are asked again, when it fails the pause begins anew.
	BreakerPause = 5 * time.Second
)

// breaker keeps questions from a server that is down.
type breaker struct {
	circuit *gobreaker.CircuitBreaker[Numbers]
	mu      sync.Mutex
	failed  []string // up to breakerTrips people of whom the server did not tell, since the latest answer
}

func newBreaker(name string, onBreaker func(string, bool)) *breaker {
	return &breaker{circuit: gobreaker.NewCircuitBreaker[Numbers](gobreaker.Settings{
		Name:         name,
		Timeout:      BreakerPause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerTrips },
		IsSuccessful: func(err error) bool { return err == nil || ClassOf(err).answered() },
		IsExcluded: func(err error) bool {
			return err != nil && (ClassOf(err) == Busy || errors.As(err, new(*repeated)))
		},
		OnStateChange: func(name string, from, to gobreaker.State) {
			// A probe that fails takes the circuit from half-open to open: the directory is left alone as before.
			if onBreaker != nil && (from == gobreaker.StateClosed || to == gobreaker.StateClosed) {
				onBreaker(name, to == gobreaker.StateOpen)
			}
		},
	})}
}

// repeated wraps the failure to tell of a person of whom the server had failed to tell before.
type repeated struct{ error }

func (r *repeated) Unwrap() error { return r.error }

// ask asks a question, unless the breaker is open or is waiting for the outcome of its probe. However often the
// questions about one person fail, the breaker counts one failure: a name that the server is slow to look up must not
// keep all other people out.
func (b *breaker) ask(p Person, question func() (Numbers, error)) (Numbers, error) {
	numbers, err := b.circuit.Execute(func() (Numbers, error) {
		numbers, err := question()
		switch {
		case err == nil || ClassOf(err).answered():
			b.forget()
		case ClassOf(err).against() && b.failedBefore(p):
			err = &repeated{err}
		}
		return numbers, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil, fault(Resting, "several questions failed in a row, so the directory is left alone for a moment")
	}
	return numbers, err
}

// failedBefore notes a person of whom the server did not tell, and reports whether the person had been noted before.
func (b *breaker) failedBefore(p Person) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := slices.Contains(b.failed, p.Name)
	if !before && len(b.failed) < breakerTrips {
		b.failed = append(b.failed, p.Name)
	}
	return before
}

// forget forgets the people of whom the server did not tell, because it works.
func (b *breaker) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = nil
}
