package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
)

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
		{Pattern: "/sms_2fa/unlock", Handler: a.endpoint((*App).unlock)},
		{Pattern: "/sms_2fa/revoke", Handler: a.endpoint((*App).revokeAll)},
	}
}

// adminRequest names an account.
type adminRequest struct {
	User string `json:"user"`
	Zone string `json:"zone"`
}

func (a *Admin) endpoint(do func(*App, context.Context, otp.Subject) error) caddy.AdminHandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != http.MethodPost {
			return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("POST is expected")}
		}
		subject, err := readSubject(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
		}
		app, err := a.ctx.AppIfConfigured("sms_2fa")
		if err != nil {
			return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: errors.New("sms_2fa is not configured")}
		}
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if err := do(app.(*App), ctx, subject); err != nil {
			return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

func readSubject(body interface{ Read([]byte) (int, error) }) (otp.Subject, error) {
	var req adminRequest
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		return otp.Subject{}, errors.New(`expected {"user":"alice","zone":"default"}`)
	}
	name := canonical(req.User)
	if name == "" {
		return otp.Subject{}, errors.New("user: it is empty or has control characters")
	}
	return otp.Subject{Zone: first(req.Zone, defaultZone), Name: name}, nil
}

// unlock forgives a user's wrong codes.
func (a *App) unlock(ctx context.Context, s otp.Subject) error {
	era, err := a.realm.ready(ctx)
	if err != nil {
		return err
	}
	if err := era.verifier.Unlock(ctx, s, otp.DefaultPolicy()); err != nil {
		return fmt.Errorf("unlocking account: %w", err)
	}
	a.log.Info("account unlocked", zap.String("zone", s.Zone), zap.String("account", era.verifier.Keys().Pseudonym(s)))
	return nil
}

// revokeAll ends a user's verifications everywhere.
func (a *App) revokeAll(ctx context.Context, s otp.Subject) error {
	era, err := a.realm.ready(ctx)
	if err != nil {
		return err
	}
	name, now := era.verifier.Keys().Pseudonym(s), a.now()
	r := session.Revocation{Subject: name, Before: now.Unix(), Until: now.Add(maxSession).Unix()}
	if err := a.realm.view().Revoke(ctx, r); err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	if err := era.verifier.Revoke(ctx, s, otp.DefaultPolicy()); err != nil {
		return fmt.Errorf("ending challenges: %w", err)
	}
	a.log.Info("sessions revoked", zap.String("zone", s.Zone), zap.String("account", name))
	return nil
}

var (
	_ caddy.AdminRouter = (*Admin)(nil)
	_ caddy.Provisioner = (*Admin)(nil)
)
