package gate

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// caller is a visitor whom the first factor has named.
type caller struct {
	*visitor
	subject otp.Subject
	given   string // the name as the first factor wrote it
	bind    string // what the placeholder of the option bind holds
}

// identified finds out who the visitor is and then goes on.
func (v *visitor) identified(next func(*caller) error) error {
	user, bind, err := v.identity.of(v.r, v.repl)
	if errors.Is(err, errUnbound) {
		return v.unbound(err)
	}
	name := canonical(user)
	if err == nil {
		err = readable(user)
	}
	if errors.Is(err, errUnreadable) {
		v.log.Error("user name cannot be read: the first factor named a user, check how it encodes names",
			zap.String("user", v.User), zap.String("zone", v.Zone), zap.Error(err), app.ClientIP(v.r))
		return v.answer(problem.UnreadableName.Refusal())
	}
	if err != nil || name == "" {
		v.log.Error("no identity: the first factor named no user, "+
			"check that it stands before sms_2fa and covers the same paths",
			zap.String("user", v.User), zap.String("zone", v.Zone), zap.Error(err), app.ClientIP(v.r))
		return v.answer(problem.NoIdentity.Refusal())
	}
	v.user = user
	return next(&caller{visitor: v, subject: otp.Subject{Zone: v.Zone, Name: name}, given: user, bind: bind})
}

// unbound refuses a visitor whose first factor has set no session that the verification could be bound to.
func (v *visitor) unbound(err error) error {
	v.log.Error("bind is empty: check that the first factor, in front of sms_2fa, sets what bind names; "+
		"what the app behind the gate sets, nobody has who has not passed the gate",
		zap.String("bind", v.Bind), zap.String("zone", v.Zone), zap.Error(err), app.ClientIP(v.r))
	return v.answer(problem.Unbound.Refusal())
}

// account waits for the store to answer for the caller's account. It is called only where the account is needed: a
// request that costs nothing asks nobody.
func (c *caller) account() (*account, error) {
	ctx, cancel := context.WithTimeout(c.ctx, storeTimeout)
	defer cancel()
	accounts, err := c.app.Backend().Ready(ctx)
	if err != nil {
		return nil, err
	}
	a := &account{caller: c, verifier: accounts.Verifier, epoch: accounts.State.Epoch.ID}
	a.tickets = c.at.names.tickets(c.cookieLines(c.r))
	return a, a.takeTicket()
}

// admitted reports whether the caller's session opens this route.
func (c *caller) admitted() *admission { return c.admit(c.r, c.repl, c.at) }
