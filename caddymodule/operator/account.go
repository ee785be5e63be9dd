package operator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// maxRequest bounds what is read of a request to the admin API, in bytes.
const maxRequest = 4096

// request names what a command is about: a user, in one zone or in all zones of the configuration; or everything.
type request struct {
	User string `json:"user,omitempty"`
	Zone string `json:"zone,omitempty"`
	All  bool   `json:"all,omitempty"`
}

// readRequest reads a request, in which the name is canonical then.
func readRequest(body io.Reader) (request, error) {
	var req request
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		return req, errors.New(`expected {"user":"alice"}, and perhaps a zone: {"user":"alice","zone":"default"}`)
	}
	name := directory.Canonical(req.User)
	switch {
	case req.All && (req.User != "" || req.Zone != ""):
		return req, errors.New("all: everything of all zones is meant; expected neither a user nor a zone")
	case !req.All && name == "":
		return req, errors.New("user: it is empty or has control characters")
	}
	req.User = name
	return req, nil
}

// Result is the answer of the admin API to unlock and revoke.
type Result struct {
	// Matched is how many of the accounts are somebody's.
	Matched int `json:"matched"`
	// Accounts are those that the command was about, one for each zone.
	Accounts []Account `json:"accounts,omitempty"`
	// All says that everything of all zones has ended.
	All bool `json:"all,omitempty"`
	// Zones are the zones of the running configuration.
	Zones []string `json:"zones"`
}

// Account is an account as a command found it. Durations are in seconds.
type Account struct {
	Zone       string `json:"zone"`
	Account    string `json:"account"` // the pseudonym, by which logs name the account
	Record     bool   `json:"record"`  // the store knows of somebody who came under that name
	Directory  bool   `json:"directory"`
	WrongCodes int    `json:"wrong_codes"`
	BlockedFor int    `json:"blocked_for"`
	Disabled   bool   `json:"disabled"`
	Texts      int    `json:"texts"`
}

// found reports whether the account is somebody's: the store or the directory knows the name.
func (a Account) found() bool { return a.Record || a.Directory }

// find finds the account of a user in a zone.
func find(ctx context.Context, a *app.App, s otp.Subject) (Account, error) {
	accounts, err := a.Backend().Ready(ctx)
	if err != nil {
		return Account{}, err
	}
	trace, err := accounts.Verifier.Trace(ctx, s, a.PolicyOf(s.Zone))
	if err != nil {
		return Account{}, err
	}
	return Account{
		Zone: s.Zone, Account: accounts.Verifier.Keys().Pseudonym(s), Record: trace.Found(),
		Directory:  a.OnFile(ctx, s),
		WrongCodes: trace.WrongCodes, BlockedFor: int(math.Ceil(trace.BlockedFor.Seconds())), Disabled: trace.Disabled,
		Texts: trace.Texts,
	}, nil
}

// action is what a command does with an account. In a zone of the configuration the account need not have been found:
// a session can outlive all that the store remembers of its account.
type action func(ctx context.Context, a *app.App, s otp.Subject) error

// apply does it in the zones that are meant.
func apply(ctx context.Context, a *app.App, req request, do action) (Result, error) {
	result := Result{Zones: a.Zones()}
	zones := result.Zones
	if req.Zone != "" {
		zones = []string{req.Zone}
	}
	for _, zone := range zones {
		subject := otp.Subject{Zone: zone, Name: req.User}
		account, err := find(ctx, a, subject)
		if err != nil {
			return result, err
		}
		result.Accounts = append(result.Accounts, account)
		if account.found() {
			result.Matched++
		}
		if account.found() || slices.Contains(result.Zones, zone) {
			if err := do(ctx, a, subject); err != nil {
				return result, err
			}
		}
	}
	return result, nil
}

// running is the app of the configuration that is running, which is not always the latest one that was loaded: a
// configuration that was refused has brought endpoints of its own.
func running() (*app.App, error) {
	configured, err := caddy.ActiveContext().AppIfConfigured("sms_2fa")
	if err != nil {
		return nil, errors.New("sms_2fa is not in the running configuration")
	}
	return configured.(*app.App), nil
}
