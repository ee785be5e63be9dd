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
	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/register"
)

// numberRow is a number of the register as the admin API, CSV and JSON show it: a user with several numbers has
// several rows, one below the other.
type numberRow struct {
	User   string `json:"user"`
	Number string `json:"number"` // E.164, with the plus; what is entered may be written in other ways
	First  string `json:"first_proven,omitempty"`
	Last   string `json:"last_proven,omitempty"`
	How    string `json:"how,omitempty"`
}

// rowTime is how rows write times (RFC 3339), in UTC. Milliseconds are what the register keeps.
const rowTime = "2006-01-02T15:04:05.000Z07:00"

// rowsOf are the rows of an entry.
func rowsOf(e register.Entry) []numberRow {
	var rows []numberRow
	for _, n := range e.Numbers {
		rows = append(rows, numberRow{e.User, n.Phone.E164(), textOf(n.First), textOf(n.Last), string(n.How)})
	}
	return rows
}

func textOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(rowTime)
}

// NumberResult is the answer of the admin API to show, set and remove.
type NumberResult struct {
	// Outcome is done, unchanged, missing when the user has no number, taken when the number is another user's, or other
	// when a user to be invited has a number.
	Outcome string `json:"outcome"`
	// Rows are the numbers of the user, as they then stand.
	Rows []numberRow `json:"rows,omitempty"`
	// Owners are the users to whom a number belongs that is taken.
	Owners []string `json:"owners,omitempty"`
	// Invitation is the code with which a user who was invited may give a number, until Expires.
	Invitation string `json:"invitation,omitempty"`
	Expires    string `json:"expires_at,omitempty"`
	// Zones are those in which the user's sessions have ended.
	Zones []string `json:"zones,omitempty"`
}

// numberRequest names a user, or a number, or both.
type numberRequest struct {
	User   string `json:"user,omitempty"`
	Number string `json:"number,omitempty"`
}

// numberChange is what an endpoint does with the register.
type numberChange func(ctx context.Context, a *app.App, r *register.Register, req numberRequest) (NumberResult, error)

// errRequest says that a request cannot be understood.
var errRequest = errors.New("request cannot be understood")

// numberEndpoint is an endpoint that reads a request and does something with the register.
func numberEndpoint(do numberChange) caddy.AdminHandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, err := posted(r)
		if err != nil {
			return err
		}
		var req numberRequest
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
		d.DisallowUnknownFields()
		if err := d.Decode(&req); err != nil {
			return badRequest(errors.New(`expected {"user":"alice"}, {"number":"+15005550006"}, or both`))
		}
		ctx, cancel := context.WithTimeout(r.Context(), endpointTimeout)
		defer cancel()
		numbers, err := a.Backend().Register(ctx)
		if err != nil {
			return unavailable(err)
		}
		result, err := do(ctx, a, numbers, req)
		switch {
		case errors.Is(err, errRequest), errors.Is(err, phone.ErrNumber):
			return badRequest(err)
		case err != nil:
			return unavailable(err)
		}
		w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(w).Encode(result)
	}
}

func badRequest(err error) error {
	return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
}

func unavailable(err error) error {
	return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
}

// readUser is the canonical name in a request.
func readUser(user string) (string, error) {
	if name := directory.Canonical(user); name != "" {
		return name, nil
	}
	return "", fmt.Errorf("%w: user: it is empty or has control characters", errRequest)
}

// showNumber finds a user, or the owners of a number.
func showNumber(
	ctx context.Context, a *app.App, r *register.Register, req numberRequest,
) (result NumberResult, err error) {
	users := []string{req.User}
	switch {
	case req.User != "" && req.Number != "":
		return result, fmt.Errorf("%w: expected a user or a number, not both", errRequest)
	case req.Number != "":
		number, err := phone.Parse(req.Number, a.DefaultRegion)
		if err != nil {
			return result, err
		}
		if users, err = r.Owners(ctx, number); err != nil {
			return result, err
		}
	default:
		if users[0], err = readUser(req.User); err != nil {
			return result, err
		}
	}
	for _, user := range users {
		e, _, err := r.Find(ctx, user)
		if err != nil {
			return result, err
		}
		result.Rows = append(result.Rows, rowsOf(e)...)
	}
	result.Outcome = string(register.Done)
	if len(result.Rows) == 0 {
		result.Outcome = string(register.Missing)
	}
	return result, nil
}

// setNumber enters a number in the place of all numbers of a user, and ends the user's sessions. They end also when
// the number was the user's before: an earlier call may have stopped before it could end them.
func setNumber(
	ctx context.Context, a *app.App, r *register.Register, req numberRequest,
) (result NumberResult, err error) {
	user, err := readUser(req.User)
	if err != nil {
		return result, err
	}
	number, err := phone.Parse(req.Number, a.DefaultRegion)
	if err != nil {
		return result, err
	}
	entered := register.Number{Phone: number, How: register.HowOperator}
	o, err := r.Set(ctx, user, entered, a.SharesNumbers())
	if err != nil {
		return result, err
	}
	result.Outcome = string(o)
	if o == register.Taken {
		result.Owners, err = r.Owners(ctx, number)
		return result, err
	}
	e, _, err := r.Find(ctx, user)
	if err != nil {
		return result, err
	}
	result.Rows = rowsOf(e)
	result.Zones, err = endWith(ctx, a, user, "number set by the operator")
	return result, err
}

// inviteUser lets a user without a number give one where the directory enroll takes invited users alone.
func inviteUser(
	ctx context.Context, a *app.App, r *register.Register, req numberRequest,
) (result NumberResult, err error) {
	user, err := readUser(req.User)
	switch {
	case err != nil:
		return result, err
	case req.Number != "":
		return result, fmt.Errorf("%w: number: the user gives it; expected the user alone", errRequest)
	}
	code, expires, o, err := r.Invite(ctx, user)
	if err != nil {
		return result, err
	}
	result.Outcome = string(o)
	if o == register.Other {
		e, _, err := r.Find(ctx, user)
		result.Rows = rowsOf(e)
		return result, err
	}
	result.Invitation, result.Expires = code, expires.UTC().Format(time.RFC3339)
	a.Log().Info("user invited by the operator", zap.Time("expires", expires))
	return result, nil
}

// removeNumber removes a user from the register, and ends the user's sessions.
func removeNumber(
	ctx context.Context, a *app.App, r *register.Register, req numberRequest,
) (result NumberResult, err error) {
	user, err := readUser(req.User)
	switch {
	case err != nil:
		return result, err
	case req.Number != "":
		return result, fmt.Errorf("%w: number: a user is removed with all numbers; expected the user alone", errRequest)
	}
	o, err := r.Remove(ctx, user)
	if err != nil {
		return result, err
	}
	result.Outcome = string(o)
	result.Zones, err = endWith(ctx, a, user, "user removed from the register by the operator")
	return result, err
}

// endWith ends the sessions of a user in all zones of the configuration, whose number is not what it was, and makes
// directories forget what they have cached.
func endWith(ctx context.Context, a *app.App, user, done string) ([]string, error) {
	a.DropDirectoryCaches()
	accounts, err := a.Backend().Ready(ctx)
	if err != nil {
		return nil, err
	}
	for _, zone := range a.Zones() {
		subject := otp.Subject{Zone: zone, Name: user}
		if err := a.EndSessions(ctx, subject); err != nil {
			return nil, fmt.Errorf("the register is changed, but sessions have not ended; do the same again: %w", err)
		}
		pseudonym := accounts.Verifier.Keys().Pseudonym(subject)
		a.Log().Info(done, zap.String("zone", zone), zap.String("account", pseudonym))
	}
	return a.Zones(), nil
}
