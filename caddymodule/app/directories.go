package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// Directories are the directories of sites that have none of their own.
func (a *App) Directories() []*directory.Link { return a.directories }

// LoadDirectories loads the directories in a field of the app or of a gate, in order, each on the terms of its
// options.
func (a *App) LoadDirectories(ctx caddy.Context, host any, field string) ([]*directory.Link, error) {
	loaded, err := ctx.LoadModule(host, field)
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	var links []*directory.Link
	kinds := make(map[string]int)
	modules := loaded.([]any)
	for i, module := range modules {
		d, ok := module.(guest.Directory)
		if !ok {
			return nil, fmt.Errorf("directory: module %T is not a directory", module)
		}
		if _, enrolling := d.(directory.Enrolling); enrolling && i < len(modules)-1 {
			return nil, guest.ErrBehindEnrolling
		}
		if r, ok := d.(directory.Registered); ok {
			r.UseRegister(a.registered)
		}
		name := kindOf(module)
		if kinds[name]++; kinds[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, kinds[name])
		}
		links = append(links, a.link(name, d))
	}
	return links, nil
}

// PlaceholderDirectory is the directory that the option phone is short for.
func (a *App) PlaceholderDirectory(ctx caddy.Context, placeholder string) (*directory.Link, error) {
	const kind = "placeholder"
	config, err := json.Marshal(map[string]string{kind: placeholder})
	if err != nil {
		return nil, fmt.Errorf("phone: %w", err)
	}
	module, err := ctx.LoadModuleByID(guest.Directories+"."+kind, config)
	if err != nil {
		return nil, fmt.Errorf("phone: %w", err)
	}
	return a.link(kind, module.(guest.Directory)), nil
}

// kindOf is the name by which a module stands in a Caddyfile.
func kindOf(module any) string { return module.(caddy.Module).CaddyModule().ID.Name() }

// link puts a directory on its terms. A directory of another plugin need not have the options that ours have.
func (a *App) link(name string, d guest.Directory) *directory.Link {
	var terms directory.Terms
	if has, ok := d.(interface{ Terms() directory.Terms }); ok {
		terms = has.Terms()
	}
	terms.Name, terms.Now = name, a.clock
	terms.OnResult = func(name, result string) { metrics.Lookups.WithLabelValues(name, result).Inc() }
	terms.OnBreaker = a.noteDirectory
	metrics.DirectoryResting.WithLabelValues(name).Set(0)
	if e, ok := d.(Enrolling); ok {
		a.enrolling = append(a.enrolling, e)
	}
	l := directory.NewLink(d, terms)
	a.links = append(a.links, l)
	return l
}

// registered finds the numbers of a user in the register.
func (a *App) registered(ctx context.Context, user string) ([]phone.Number, error) {
	r, err := a.backend.Register(ctx)
	if err != nil {
		return nil, err
	}
	e, _, err := r.Find(ctx, user)
	var numbers []phone.Number
	for _, n := range e.Numbers {
		numbers = append(numbers, n.Phone)
	}
	return numbers, err
}

// noteDirectory tells that the breaker of a directory has opened or closed.
func (a *App) noteDirectory(name string, resting bool) {
	which := zap.String("directory", name)
	if resting {
		a.log.Error("directory failed several times in a row and is left alone for a while",
			which, zap.Duration("pause", directory.BreakerPause))
		metrics.DirectoryResting.WithLabelValues(name).Set(1)
		return
	}
	a.log.Info("directory works again", which)
	metrics.DirectoryResting.WithLabelValues(name).Set(0)
}

// DropDirectoryCaches makes every directory of this configuration forget what it has cached, so that the next lookup
// of each user asks, and returns the names of those that have a cache. It is for the operator, who has changed a
// number.
func (a *App) DropDirectoryCaches() []string {
	dropped := []string{}
	for _, l := range a.links {
		if l.Drop() {
			dropped = append(dropped, l.Name())
		}
	}
	return dropped
}
