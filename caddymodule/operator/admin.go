// Package operator is what an operator can do with a running gate: endpoints of Caddy's admin API (admin.go), and the
// commands of "caddy sms-2fa" that ask them (command.go).
package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/otp"
)

func init() { caddy.RegisterModule(new(Admin)) }

// Admin adds endpoints to Caddy's admin API, for the operator:
//
// Request | Body | Effect
// --------|------|-------
// `POST /sms_2fa/unlock` | `{"user":"alice"}` | forgives wrong codes, lifts limits of texts
// `POST /sms_2fa/revoke` | `{"user":"alice"}` | ends all verifications of the user, on every gateway
// `POST /sms_2fa/revoke` | `{"all":true}` | ends all verifications of everybody, on every gateway
// `POST /sms_2fa/drop-caches` | none | this gateway forgets the numbers that directories have cached
//
// `GET /sms_2fa/numbers` | | streams the numbers of the register, one JSON object a line, the last one `{"end":true}`
// `POST /sms_2fa/numbers/import` | `{"rows":[{"line":1,"user":"alice","number":"+15005550006"}]}` | enters numbers
// `POST /sms_2fa/numbers/show` | `{"user":"alice"}` or `{"number":"+15005550006"}` | whose number, whose user
// `POST /sms_2fa/numbers/set` | `{"user":"alice","number":"+15005550006"}` | gives a user another number
// `POST /sms_2fa/numbers/invite` | `{"user":"alice"}` | a code with which a user may give a number
// `POST /sms_2fa/numbers/remove` | `{"user":"alice"}` | removes a user from the register
//
// All zones of the running configuration are meant, or one: `{"user":"alice","zone":"default"}`. The answer says what
// was found there, see [Result], [Dropped] and [NumberResult].
type Admin struct{}

// CaddyModule returns the Caddy module information.
func (*Admin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.sms_2fa", New: func() caddy.Module { return new(Admin) }}
}

// Routes are the endpoints.
func (*Admin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: "/sms_2fa/unlock", Handler: endpoint(unlockAll)},
		{Pattern: "/sms_2fa/revoke", Handler: endpoint(revokeAll)},
		{Pattern: "/sms_2fa/drop-caches", Handler: caddy.AdminHandlerFunc(dropCaches)},
		{Pattern: "/sms_2fa/numbers", Handler: caddy.AdminHandlerFunc(listNumbers)},
		{Pattern: "/sms_2fa/numbers/import", Handler: caddy.AdminHandlerFunc(importNumbers)},
		{Pattern: "/sms_2fa/numbers/show", Handler: numberEndpoint(showNumber)},
		{Pattern: "/sms_2fa/numbers/set", Handler: numberEndpoint(setNumber)},
		{Pattern: "/sms_2fa/numbers/invite", Handler: numberEndpoint(inviteUser)},
		{Pattern: "/sms_2fa/numbers/remove", Handler: numberEndpoint(removeNumber)},
	}
}

// endpointTimeout is how long a request to the admin API may take.
const endpointTimeout = 10 * time.Second

func endpoint(do func(context.Context, *app.App, request) (Result, error)) caddy.AdminHandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, err := posted(r)
		if err != nil {
			return err
		}
		req, err := readRequest(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
		}
		ctx, cancel := context.WithTimeout(r.Context(), endpointTimeout)
		defer cancel()
		result, err := do(ctx, a, req)
		switch {
		case errors.Is(err, errOneUser):
			return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
		case err != nil:
			return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
		}
		w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(w).Encode(result)
	}
}

// posted is the app that a request is about. Every endpoint changes something, and expects POST.
func posted(r *http.Request) (*app.App, error) {
	if r.Method != http.MethodPost {
		return nil, caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("POST is expected")}
	}
	a, err := running()
	if err != nil {
		return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Err: err}
	}
	return a, nil
}

// errOneUser says that everybody was meant where one user is expected.
var errOneUser = errors.New("all: one user is expected")

// unlockAll forgives a user's wrong codes in the zones that are meant.
func unlockAll(ctx context.Context, a *app.App, req request) (Result, error) {
	if req.All {
		return Result{}, errOneUser
	}
	return apply(ctx, a, req, unlock)
}

// revokeAll ends a user's verifications in the zones that are meant, or those of everybody.
func revokeAll(ctx context.Context, a *app.App, req request) (Result, error) {
	if !req.All {
		return apply(ctx, a, req, revoke)
	}
	if err := a.EndEverything(ctx); err != nil {
		return Result{}, fmt.Errorf("ending everything: %w", err)
	}
	a.Log().Warn("everything revoked: all sessions and challenges of all zones have ended")
	return Result{Matched: 1, All: true, Zones: a.Zones()}, nil
}

// unlock forgives a user's wrong codes, and lifts the limits of texts.
func unlock(ctx context.Context, a *app.App, s otp.Subject) error {
	accounts, err := a.Backend().Ready(ctx)
	if err != nil {
		return err
	}
	if err := accounts.Verifier.Unlock(ctx, s, a.PolicyOf(s.Zone)); err != nil {
		return fmt.Errorf("unlocking account: %w", err)
	}
	pseudonym := accounts.Verifier.Keys().Pseudonym(s)
	a.Log().Info("account unlocked", zap.String("zone", s.Zone), zap.String("account", pseudonym))
	return nil
}

// revoke ends a user's verifications everywhere.
func revoke(ctx context.Context, a *app.App, s otp.Subject) error {
	accounts, err := a.Backend().Ready(ctx)
	if err != nil {
		return err
	}
	pseudonym := accounts.Verifier.Keys().Pseudonym(s)
	if err := a.EndSessions(ctx, s); err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	a.Log().Info("sessions revoked", zap.String("zone", s.Zone), zap.String("account", pseudonym))
	return nil
}

var _ caddy.AdminRouter = (*Admin)(nil)
