package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// defaultInFlight is how many texts may be on their way at once.
const defaultInFlight = 100

func (a *App) inFlight() int { return first(a.MaxInFlight, defaultInFlight) }

// loadRoute loads the senders, in the order in which they stand.
func (a *App) loadRoute(ctx caddy.Context) error {
	if len(a.SenderRaw) == 0 {
		return fmt.Errorf("sender: it is missing; expected one of %s, like: sms_2fa { sender log }", knownGuests(senderNamespace))
	}
	loaded, err := ctx.LoadModule(a, "SenderRaw")
	if err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	var legs []*sms.Leg
	names := make(map[string]bool)
	for i, guest := range loaded.([]any) {
		leg, err := newLeg(guest)
		if err != nil {
			return fmt.Errorf("sender number %d: %w", i+1, err)
		}
		if names[leg.Name] {
			return fmt.Errorf("sender: there are two of the name %s; give one of them another, with its option name", leg.Name)
		}
		names[leg.Name] = true
		legs = append(legs, leg)
	}
	a.route = sms.NewRoute(legs, a.noteBreaker)
	return nil
}

// newLeg makes a leg of a guest. Senders of other plugins need not have the options that ours have.
func newLeg(guest any) (*sms.Leg, error) {
	sender, ok := guest.(SenderModule)
	if !ok {
		return nil, fmt.Errorf("module %T is not a sender", guest)
	}
	if o, ok := guest.(interface{ common() *SenderOptions }); ok {
		return o.common().leg(sender)
	}
	return new(SenderOptions).leg(sender)
}

func (a *App) noteBreaker(name string, resting bool) {
	if resting {
		a.log.Error("sender failed several times in a row and is left alone for a while", zap.String("sender", name), zap.Duration("pause", sms.BreakerPause))
		metrics.resting.WithLabelValues(name).Set(1)
		return
	}
	a.log.Info("sender works again", zap.String("sender", name))
	metrics.resting.WithLabelValues(name).Set(0)
}
