package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Revocation ends sessions on every gateway before they expire. It is one entry of the store's log, and names either
// one session or one subject.
type Revocation struct {
	// Session is the ID of the session to end (Session.ID), or "".
	Session string `json:"sid,omitempty"`
	// Subject is the pseudonym whose sessions end (Session.Subject), or "". All its sessions end whose code was
	// typed at Before or earlier.
	Subject string `json:"sub,omitempty"`
	// Before goes with Subject, in seconds since 1970.
	Before int64 `json:"before,omitempty"`
	// Until is when the last session that this revocation can end has expired anyway, in seconds since 1970. The store
	// keeps the entry until then.
	Until int64 `json:"until"`
}

// Encode is the revocation as an entry of the log, in JSON.
func (r Revocation) Encode() ([]byte, error) { return json.Marshal(r) }

// DecodeRevocation reads an entry of the log. An entry without a session and a subject, with both, or without Until is
// an error.
func DecodeRevocation(entry []byte) (Revocation, error) {
	var r Revocation
	if err := json.Unmarshal(entry, &r); err != nil {
		return r, fmt.Errorf("reading revocation: %w", err)
	}
	if (r.Session == "") == (r.Subject == "") || r.Until == 0 {
		return r, errors.New("reading revocation: it names neither a session nor a subject")
	}
	return r, nil
}

// Revoked is the set of all revocations of one epoch that a gateway knows, in memory. All methods may be called from
// many goroutines at once.
type Revoked struct {
	mu       sync.RWMutex
	sessions map[string]int64      // ID of a session -> Until
	subjects map[string]Revocation // pseudonym -> the revocation with the latest Before
	sweepAt  int                   // number of revocations at which those that are over are forgotten
}

// minSweep is the smallest number of revocations for which the set is swept.
const minSweep = 1024

// NewRevoked returns an empty set.
func NewRevoked() *Revoked {
	return &Revoked{sessions: make(map[string]int64), subjects: make(map[string]Revocation), sweepAt: minSweep}
}

// Has reports whether a revocation in the set ends the session.
func (r *Revoked) Has(s *Session) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, ok := r.sessions[s.ID]; ok {
		return true
	}
	subject, ok := r.subjects[s.Subject]
	return ok && s.AuthTime.Unix() <= subject.Before
}

// Add adds a revocation, unless all sessions it can end have expired. Adding a revocation twice changes nothing.
func (r *Revoked) Add(e Revocation, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Until <= now.Unix() {
		return
	}
	if e.Session != "" {
		r.sessions[e.Session] = e.Until
	}
	if e.Subject != "" && e.Before >= r.subjects[e.Subject].Before {
		r.subjects[e.Subject] = e
	}
	r.sweep(now)
}

// sweep forgets the revocations whose Until has passed, each time the set has doubled since the last sweep.
func (r *Revoked) sweep(now time.Time) {
	if len(r.sessions)+len(r.subjects) < r.sweepAt {
		return
	}
	for id, until := range r.sessions {
		if until <= now.Unix() {
			delete(r.sessions, id)
		}
	}
	for sub, e := range r.subjects {
		if e.Until <= now.Unix() {
			delete(r.subjects, sub)
		}
	}
	r.sweepAt = max(minSweep, 2*(len(r.sessions)+len(r.subjects)))
}
