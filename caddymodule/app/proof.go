package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/register"
	"github.com/caddy-sms-2fa/gateway/session"
)

// Enrolling is a directory that lets visitors give their numbers, and keeps these in the register.
type Enrolling interface {
	// SharesNumbers reports whether one number may be that of several users.
	SharesNumbers() bool
}

// KeepsNumbers reports whether numbers of directories enter the register when a code has proved them: the option
// register, or without it whether a directory lets visitors give their numbers.
func (a *App) KeepsNumbers() bool {
	return a.Register == "on" || a.Register == "" && len(a.enrolling) > 0
}

// SharesNumbers reports whether one number may be that of several users in the register.
func (a *App) SharesNumbers() bool {
	for _, e := range a.enrolling {
		if e.SharesNumbers() {
			return true
		}
	}
	return false
}

// KeepNumber enters a number of a directory, which a code has proved, in the register. onFile are all numbers that the
// directories have for the user.
func (a *App) KeepNumber(
	ctx context.Context, user string, number phone.Number, onFile []phone.Number,
) (register.Outcome, error) {
	r, err := a.backend.Register(ctx)
	if err != nil {
		return "", err
	}
	return r.Prove(ctx, register.Proof{
		User: user, Number: number, How: register.HowDirectory, Shared: a.SharesNumbers(), OnFile: onFile,
	})
}

// readOnOff reads an option that is "on" or "off".
func readOnOff(d *caddyfile.Dispenser, into *string) error {
	if err := guest.Text(d, into); err != nil {
		return err
	}
	if err := validateRegister(*into); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func validateRegister(value string) error {
	switch value {
	case "", "on", "off":
		return nil
	}
	return fmt.Errorf("register: %q is neither on nor off", value)
}

// renewPause is how long a backend waits before it tries again to seal the register anew.
const renewPause = time.Second

// renewRegister seals the register with the current secret, if the store has a register, whether or not the register
// is in use now: so the older secret can be taken out of the configuration.
func (b *Backend) renewRegister(ctx context.Context) {
	told := false
	for {
		ctxOne, cancel := context.WithTimeout(ctx, renewPause)
		err := register.Renew(ctxOne, b.stores, registerKeys(b.keys.Load().ring), b.rand)
		cancel()
		if err == nil {
			return
		}
		if lasting := errors.Is(err, register.ErrForeignSecret) || errors.Is(err, register.ErrRecord); lasting && !told {
			b.log.Error("register of numbers cannot be opened", "error", err)
			told = true
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(renewPause):
		}
	}
}

// registerKeys are what the secrets contribute to the register.
func registerKeys(ring *session.KeyRing) []register.SealKey {
	var keys []register.SealKey
	for _, k := range ring.RegisterKeys() {
		keys = append(keys, register.SealKey(k))
	}
	return keys
}
