package app

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/session"
)

// EndSession ends one session on every gateway. The entry in the log of revocations outlives every token that any gate
// could have renewed the session by.
func (a *App) EndSession(ctx context.Context, s *session.Session) error {
	until := s.AuthTime.Add(a.gates.longest)
	if s.Expires.After(until) {
		until = s.Expires
	}
	return a.revoke(ctx, session.Revocation{Session: s.ID}, until)
}

// EndSessions ends all sessions of a subject, named by the pseudonym, on every gateway. Their ends are not known, so
// the entry in the log outlives the longest session that there can be.
func (a *App) EndSessions(ctx context.Context, pseudonym string) error {
	now := a.clock()
	return a.revoke(ctx, session.Revocation{Subject: pseudonym, Before: now.Unix()}, now.Add(MaxSession))
}

// EndEverything ends all sessions and all open challenges of all zones, on every gateway: the store begins an epoch.
// Counters, blocks and limits of texts begin anew as well, because the new epoch has other keys. It returns when this
// gateway is in the new epoch; other gateways follow within a second.
func (a *App) EndEverything(ctx context.Context) error {
	if _, err := a.backend.Ready(ctx); err != nil {
		return err
	}
	return a.backend.Follower().EndEpoch(ctx)
}

// revoke writes a revocation that is about tokens which have all expired at until.
func (a *App) revoke(ctx context.Context, r session.Revocation, until time.Time) error {
	r.Until = until.Unix() + 1
	_, err := a.backend.Follower().Revoke(ctx, r)
	return err
}
