package gate

import (
	"context"
	"crypto/subtle"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
)

// account is a caller for whom the store has answered. Its questions to the store are the steps of package otp for
// this subject, ticket and policy; each has storeTimeout.
type account struct {
	*caller
	verifier *otp.Verifier
	epoch    string
	tickets  []otp.Ticket // that the browser has sent
	ticket   otp.Ticket   // the one of these that counts, or a new one
}

// takeTicket takes the browser's first ticket, or begins a new one.
func (a *account) takeTicket() (err error) {
	if len(a.tickets) > 0 {
		a.ticket = a.tickets[0]
		return nil
	}
	a.ticket.Browser, err = a.verifier.NewBrowser()
	return err
}

// proves reports whether a form carries the proof of its page. The ticket of that page is the one that counts then.
func (a *account) proves(csrf string) bool {
	for _, t := range append(a.tickets, a.ticket) {
		if subtle.ConstantTimeCompare([]byte(csrf), []byte(a.verifier.Keys().Proof(a.subject, t))) == 1 {
			a.ticket, a.tickets = t, []otp.Ticket{t}
			return true
		}
	}
	return false
}

// pseudonym names the account in logs and tokens.
func (a *account) pseudonym() string { return a.verifier.Keys().Pseudonym(a.subject) }

// ask asks the store one question.
func ask[T any](a *account, question func(ctx context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(a.ctx, storeTimeout)
	defer cancel()
	return question(ctx)
}

// tell asks the store to write something down.
func (a *account) tell(write func(ctx context.Context) error) error {
	_, err := ask(a, func(ctx context.Context) (struct{}, error) { return struct{}{}, write(ctx) })
	return err
}

func (a *account) decide(maker, code string, right bool) (otp.Outcome, error) {
	return ask(a, func(ctx context.Context) (otp.Outcome, error) {
		return a.verifier.Decide(ctx, a.subject, a.ticket, a.policy, maker, code, right)
	})
}

func (a *account) giveBack(maker, code string) error {
	return a.tell(func(ctx context.Context) error {
		return a.verifier.Unanswered(ctx, a.subject, a.ticket, a.policy, maker, code)
	})
}

// endSession ends a session of the account, and reports whether the session was alive.
func (a *account) endSession(s *session.Session) (bool, error) {
	return ask(a, func(ctx context.Context) (bool, error) { return a.app.EndSession(ctx, a.subject, s) })
}

// endSessionsBy ends all sessions of the account, and reports whether the one given, which asks for it, was alive.
func (a *account) endSessionsBy(s *session.Session) (bool, error) {
	return ask(a, func(ctx context.Context) (bool, error) { return a.app.EndSessionsBy(ctx, a.subject, s) })
}

// replaceSession ends a session in whose place another one was opened.
func (a *account) replaceSession(old, later *session.Session) error {
	return a.tell(func(ctx context.Context) error {
		_, err := a.app.ReplaceSession(ctx, a.subject, old, later)
		return err
	})
}

// answer says no, on a page whose forms are this browser's.
func (a *account) answer(f problem.Refusal) error {
	return a.answerWith(f, a.verifier.Keys().Proof(a.subject, a.ticket))
}

// fault answers when something does not work that should.
func (a *account) fault(doing string, err error) error {
	f := a.noteFault(doing, a.pseudonym(), err)
	return a.answer(f)
}

// fields name the account in a log line.
func (a *account) fields(more ...zap.Field) []zap.Field {
	who := []zap.Field{zap.String("zone", a.Zone), zap.String("account", a.pseudonym()), app.ClientIP(a.r)}
	return append(who, more...)
}
