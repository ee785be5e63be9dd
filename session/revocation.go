package session

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// Revocation ends sessions before their time, on every gateway. It is one entry of the store's log.
type Revocation struct {
	// Session ends the session of that ID.
	Session string `json:"sid,omitempty"`
	// Subject ends all sessions of that pseudonym that were opened at Before or earlier (seconds since 1970).
	Subject string `json:"sub,omitempty"`
	Before  int64  `json:"before,omitempty"`
	// Until is when the last session that this can be about has expired anyway (seconds since 1970).
	Until int64 `json:"until"`
}

// Encode writes the entry.
func (r Revocation) Encode() ([]byte, error) { return json.Marshal(r) }

// DecodeRevocation reads an entry.
func DecodeRevocation(entry []byte) (Revocation, error) {
	var r Revocation
	if err := json.Unmarshal(entry, &r); err != nil {
		return r, fmt.Errorf("reading revocation: %w", err)
	}
	if (r.Session == "") == (r.Subject == "") || r.Until == 0 {
		return r, fmt.Errorf("reading revocation: it names neither a session nor a subject")
	}
	return r, nil
}

// Revoked is what is known to be revoked in one epoch. Asking costs no round trip.
type Revoked struct {
	mu       sync.RWMutex
	sessions map[string]int64      // until
	subjects map[string]Revocation // the latest
	sweepAt  int
}

// NewRevoked returns an empty set.
func NewRevoked() *Revoked {
	return &Revoked{sessions: make(map[string]int64), subjects: make(map[string]Revocation), sweepAt: 1024}
}

// Has reports whether the session was revoked.
func (r *Revoked) Has(s *Session) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, ok := r.sessions[s.ID]; ok {
		return true
	}
	subject, ok := r.subjects[s.Subject]
	return ok && s.AuthTime.Unix() <= subject.Before
}

// Add adds an entry. Adding one twice changes nothing.
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

// sweep forgets what expired meanwhile, each time the set has doubled.
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
	r.sweepAt = max(1024, 2*(len(r.sessions)+len(r.subjects)))
}
