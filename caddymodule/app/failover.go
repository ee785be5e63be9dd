package app

import (
	"cmp"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// defaultInFlight is how many texts may be on their way at once.
const defaultInFlight = 100

// InFlight is how many texts may be on their way to providers at once.
func (a *App) InFlight() int { return cmp.Or(a.MaxInFlight, defaultInFlight) }

// Failover is the senders, in the order in which they are tried.
func (a *App) Failover() *sms.Failover { return a.failover }

// loadSenders loads the senders, in the order in which they stand.
func (a *App) loadSenders(ctx caddy.Context) error {
	if len(a.SenderRaw) == 0 {
		return fmt.Errorf("sender: it is missing; expected one of %s, like: sms_2fa { sender log }",
			guest.Known(guest.Senders))
	}
	loaded, err := ctx.LoadModule(a, "SenderRaw")
	if err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	var entries []*sms.Entry
	names := make(map[string]bool)
	for i, module := range loaded.([]any) {
		e, err := entryOf(module)
		if err == nil && !guest.IsName(e.Name) {
			err = fmt.Errorf("name: %q has other characters than letters, digits, _ and -, or more than 32", e.Name)
		}
		if err != nil {
			return fmt.Errorf("sender number %d: %w", i+1, err)
		}
		if names[e.Name] {
			return fmt.Errorf("sender: there are two of the name %s; give one of them another, with its option name", e.Name)
		}
		names[e.Name] = true
		entries = append(entries, e)
	}
	a.failover = sms.NewFailover(entries, a.noteBreaker)
	return nil
}

// entryOf is the entry of a guest in the order of senders. A sender of another plugin need not have the options that
// ours have; its entry is for all numbers then.
func entryOf(module any) (*sms.Entry, error) {
	sender, ok := module.(guest.Sender)
	if !ok {
		return nil, fmt.Errorf("module %T is not a sender", module)
	}
	if m, ok := module.(interface {
		Entry(sms.Sender) (*sms.Entry, error)
	}); ok {
		return m.Entry(sender)
	}
	return &sms.Entry{Name: sender.Name(), Sender: sender}, nil
}

// noteBreaker tells that the breaker of a sender has opened or closed.
func (a *App) noteBreaker(name string, resting bool) {
	sender := zap.String("sender", name)
	if resting {
		a.log.Error("sender failed several times in a row and is left alone for a while",
			sender, zap.Duration("pause", sms.BreakerPause))
		metrics.Resting.WithLabelValues(name).Set(1)
		return
	}
	a.log.Info("sender works again", sender)
	metrics.Resting.WithLabelValues(name).Set(0)
}

// ExpectReports notes that delivery reports of a sender come in here, so that its texts are found again by the
// provider's name for them.
func (a *App) ExpectReports(sender string) { a.reported[sender] = true }

// Reported tells whether delivery reports of a sender come in here.
func (a *App) Reported(sender string) bool { return a.reported[sender] }

// AnyReports tells whether delivery reports of any sender come in here.
func (a *App) AnyReports() bool { return len(a.reported) > 0 }
