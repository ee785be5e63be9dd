package session

import (
	"slices"
	"sync"
	"time"
)

// Bounds of what a gateway remembers of its own revocations.
const (
	writtenLife = 10 * time.Minute // longer than a store whose server was replaced takes to be asked again
	writtenMost = 10_000
)

// written are the revocations that this gateway has written lately. A store whose server is replaced by another one
// may have lost the latest of them, although it had confirmed them.
type written struct {
	mu  sync.Mutex
	all []writing
}

// writing is one revocation, where it stands in the log, and when it was written.
type writing struct {
	Revocation
	position string
	at       time.Time
}

// note remembers a revocation, in the place of those at the positions replaced, and forgets what is long ago.
func (w *written) note(one writing, replaced []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(slices.DeleteFunc(w.all, func(old writing) bool {
		return slices.Contains(replaced, old.position) || one.at.Sub(old.at) > writtenLife
	}), one)
	w.all = w.all[max(0, len(w.all)-writtenMost):]
}

// moved notes that a revocation stands somewhere else now.
func (w *written) moved(from, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.all {
		if w.all[i].position == from {
			w.all[i].position = to
		}
	}
}

// lately are the revocations that were written not long before now.
func (w *written) lately(now time.Time) (lately []writing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.all {
		if now.Sub(one.at) <= writtenLife {
			lately = append(lately, one)
		}
	}
	return lately
}

// forget forgets all: a new epoch has begun, in which none of the sessions lives.
func (w *written) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = nil
}
