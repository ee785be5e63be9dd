package app

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
)

// EndSession ends one session on every gateway, and the challenges that could open another one for its subject. It
// reports false, and writes nothing, when the session has ended before: by its own time, a revocation or a new epoch.
// Copies of one request that arrive at once end the session once.
func (a *App) EndSession(ctx context.Context, subject otp.Subject, s *session.Session) (bool, error) {
	return a.endOnce(ctx, "one "+s.ID, subject, s, func(v *otp.Verifier, p otp.Policy) (otp.Ending, error) {
		return v.EndOne(ctx, subject, p)
	})
}

// EndSessionsBy ends all sessions of a subject, and the challenges that could open another one, because one of the
// sessions asks for it. Like EndSession, it reports false, and writes nothing, when that session has ended before.
func (a *App) EndSessionsBy(ctx context.Context, subject otp.Subject, s *session.Session) (bool, error) {
	return a.endOnce(ctx, "all "+s.ID, subject, s, func(v *otp.Verifier, p otp.Policy) (otp.Ending, error) {
		return v.EndAll(ctx, subject, p)
	})
}

// ReplaceSession ends a session whose browser has opened another one since. Like EndSession, but the challenge of the
// later session stays, so that a double click on the right code finds it.
func (a *App) ReplaceSession(ctx context.Context, subject otp.Subject, old, later *session.Session) (bool, error) {
	return a.endOnce(ctx, "one "+old.ID, subject, old, func(v *otp.Verifier, p otp.Policy) (otp.Ending, error) {
		return v.Replace(ctx, subject, p, later.Stamp)
	})
}

// find finds what is to be written so that sessions end.
type find func(v *otp.Verifier, p otp.Policy) (otp.Ending, error)

// endOnce ends what f finds, if the session s lives. Copies of one request have the same name.
func (a *App) endOnce(
	ctx context.Context, name string, subject otp.Subject, s *session.Session, f find,
) (bool, error) {
	ended, err, _ := a.endings.Do(name, func() (any, error) { return a.endLive(ctx, subject, s, f) })
	return err == nil && ended.(bool), err
}

func (a *App) endLive(ctx context.Context, subject otp.Subject, s *session.Session, f find) (bool, error) {
	accounts, err := a.backend.Ready(ctx)
	if err != nil {
		return false, err
	}
	state := accounts.State
	if s.Epoch != state.Epoch.ID || !a.clock().Before(s.Expires) || state.Revoked.Has(s) {
		return false, nil
	}
	ending, err := f(accounts.Verifier, a.PolicyOf(subject.Zone))
	switch {
	case err != nil:
		return false, err
	case ending.All:
		return true, a.revokeAll(ctx, accounts, subject, ending)
	}
	one := session.Revocation{Session: s.ID}
	return true, a.revoke(ctx, accounts, subject, ending, one, a.lastEnd(s, ending.At))
}

// lastEnd is when every token has expired by which any gate could have renewed the session, on the clock of the store,
// which shows the time at. Some gateways' clocks may agree with the clock of the store rather than with this one, and
// some may be behind both, by as much as a token allows.
func (a *App) lastEnd(s *session.Session, at time.Time) time.Time {
	end := s.AuthTime.Add(a.gates.longest)
	if s.Expires.After(end) {
		end = s.Expires
	}
	return end.Add(max(at.Sub(a.clock()), 0) + session.Leeway)
}

// EndSessions ends all sessions of a subject, on every gateway, and the challenges that could open another one.
func (a *App) EndSessions(ctx context.Context, subject otp.Subject) error {
	accounts, err := a.backend.Ready(ctx)
	if err != nil {
		return err
	}
	ending, err := accounts.Verifier.EndAll(ctx, subject, a.PolicyOf(subject.Zone))
	if err != nil {
		return err
	}
	return a.revokeAll(ctx, accounts, subject, ending)
}

// EndOtherSessions is EndSessions for a subject one of whose sessions goes on: it goes on when it is minted anew with
// the stamp that is returned.
func (a *App) EndOtherSessions(ctx context.Context, subject otp.Subject) (later int64, err error) {
	accounts, err := a.backend.Ready(ctx)
	if err != nil {
		return 0, err
	}
	ending, later, err := accounts.Verifier.EndOthers(ctx, subject, a.PolicyOf(subject.Zone))
	if err != nil {
		return 0, err
	}
	return later, a.revokeAll(ctx, accounts, subject, ending)
}

// revokeAll writes the end of all sessions of a subject. When these would have ended by themselves is not known, so
// the entry in the log outlives the longest session that there can be, at the slowest gateway.
func (a *App) revokeAll(ctx context.Context, accounts *Accounts, subject otp.Subject, e otp.Ending) error {
	r := session.Revocation{
		Subject: accounts.Verifier.Keys().Pseudonym(subject), Stamp: e.Stamp, Before: time.UnixMilli(e.Stamp).Unix(),
	}
	return a.revoke(ctx, accounts, subject, e, r, e.At.Add(MaxSession+session.Leeway))
}

// revoke writes a revocation to the log, which keeps it until all tokens have expired that it is about, and notes in
// the account where it stands.
func (a *App) revoke(
	ctx context.Context, accounts *Accounts, subject otp.Subject, e otp.Ending, r session.Revocation,
	until time.Time,
) error {
	r.Until = until.Unix() + 1
	position, err := a.backend.Follower().Revoke(ctx, r, e.Replaces...)
	if err != nil {
		return err
	}
	p := a.PolicyOf(subject.Zone)
	return accounts.Verifier.Ended(ctx, subject, p, e, position, time.Unix(r.Until, 0))
}

// EndEverything ends all sessions and all open challenges of all zones, on every gateway: the store begins a new
// epoch. Counters, blocks and limits of texts begin anew as well, because the new epoch has other keys. It returns
// when this gateway is in the new epoch; other gateways follow within a second.
func (a *App) EndEverything(ctx context.Context) error {
	if _, err := a.backend.Ready(ctx); err != nil {
		return err
	}
	return a.backend.Follower().EndEpoch(ctx)
}
