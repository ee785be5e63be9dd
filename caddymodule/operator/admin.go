// Package operator is what an operator can do with a running gate: endpoints of Caddy's admin API (admin.go), and the
// commands of "caddy sms-2fa" that ask them (command.go).
package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/otp"
)

func init() { caddy.RegisterModule(new(Admin)) }

// Admin adds two endpoints to Caddy's admin API, for the operator:
//
// Request | Body | Effect
// --------|------|-------
// `POST /sms_2fa/unlock` | `{"user":"alice","zone":"default"}` | forgives wrong codes and ends a block
// `POST /sms_2fa/revoke` | `{"user":"alice","zone":"default"}` | ends all verifications of the user, on every gateway
type Admin struct {
	ctx caddy.Context
}

// CaddyModule returns the Caddy module information.
func (*Admin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.sms_2fa", New: func() caddy.Module { return new(Admin) }}
}

// Provision keeps the context, by which the app is found when a request comes.
func (a *Admin) Provision(ctx caddy.Context) error {
	a.ctx = ctx
	return nil
}

// Routes are the endpoints.
func (a *Admin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: "/sms_2fa/unlock", Handler: a.endpoint(unlock)},
		{Pattern: "/sms_2fa/revoke", Handler: a.endpoint(revoke)},
	}
}

// maxRequest bounds what is read of a request to the admin API, in bytes.
const maxRequest = 4096

// adminRequest names an account.
type adminRequest struct {
	User string `json:"user"`
	Zone string `json:"zone"`
}

func (a *Admin) endpoint(do func(context.Context, *app.App, otp.Subject) error) caddy.AdminHandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != http.MethodPost {
			return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("POST is expected")}
		}
		subject, err := readSubject(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
		}
		configured, err := a.ctx.AppIfConfigured("sms_2fa")
		if err != nil {
			return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: errors.New("sms_2fa is not configured")}
		}
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if err := do(ctx, configured.(*app.App), subject); err != nil {
			return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

func readSubject(body io.Reader) (otp.Subject, error) {
	var req adminRequest
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		return otp.Subject{}, errors.New(`expected {"user":"alice","zone":"default"}`)
	}
	name := directory.Canonical(req.User)
	if name == "" {
		return otp.Subject{}, errors.New("user: it is empty or has control characters")
	}
	return otp.Subject{Zone: cmp.Or(req.Zone, app.DefaultZone), Name: name}, nil
}

// unlock forgives a user's wrong codes.
func unlock(ctx context.Context, a *app.App, s otp.Subject) error {
	accounts, err := a.Backend().Ready(ctx)
	if err != nil {
		return err
	}
	if err := accounts.Verifier.Unlock(ctx, s, otp.DefaultPolicy()); err != nil {
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
	if err := a.EndSessions(ctx, pseudonym); err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	if err := accounts.Verifier.Revoke(ctx, s, otp.DefaultPolicy()); err != nil {
		return fmt.Errorf("ending challenges: %w", err)
	}
	a.Log().Info("sessions revoked", zap.String("zone", s.Zone), zap.String("account", pseudonym))
	return nil
}

var (
	_ caddy.AdminRouter = (*Admin)(nil)
	_ caddy.Provisioner = (*Admin)(nil)
)
