package gate

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/caddymodule/surroundings"
	"github.com/caddy-sms-2fa/gateway/directory"
)

// loadDirectories makes the chain of directories that this gate asks: the one that the option phone is short for, and
// its own ones, or those of the global options.
func (h *Handler) loadDirectories(ctx caddy.Context, around *surroundings.Surroundings) error {
	links := h.app.Directories()
	if h.DirectoryRaw != nil {
		var err error
		if links, err = h.app.LoadDirectories(ctx, h, "DirectoryRaw"); err != nil {
			return err
		}
	}
	if h.Phone != "" {
		first, err := h.app.PlaceholderDirectory(ctx, h.Phone)
		if err != nil {
			return err
		}
		links = append([]*directory.Link{first}, links...)
	}
	if len(links) == 0 {
		return fmt.Errorf("directory: it is missing; say where the phone numbers are, like: " +
			"directory file /etc/caddy/phones.csv, or: phone {http.reverse_proxy.header.Remote-Phone}")
	}
	h.directory = directory.NewChain(links...)
	if last, ok := links[len(links)-1].Directory().(directory.Enrolling); ok {
		terms := last.Enrolment()
		h.enrolment, h.elsewhere = &terms, directory.NewChain(links[:len(links)-1]...)
	}
	for _, l := range links {
		h.atHand = append(h.atHand, newOnHand(l.Directory()))
	}
	if err := h.judgePlaceholders(around); err != nil {
		return err
	}
	return h.reviewNumbers()
}

// judgePlaceholders refuses directories whose number the visitor chooses.
func (h *Handler) judgePlaceholders(around *surroundings.Surroundings) error {
	for _, d := range h.atHand {
		for _, p := range around.Trace(app.Placeholders(d.placeholder.template)) {
			if err := app.JudgePhone(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// cannotTell tells the visitor that a directory cannot tell the number now. That is never taken for "no number": a
// directory behind would let the visitor in with a number that is not the one on file.
func (a *account) cannotTell(err error) error {
	a.noteSilence(err)
	return a.answer(problem.DirectoryUnavailable.After(problem.AfterOutage))
}

// noteSilence counts and logs that a directory cannot tell a number.
func (a *account) noteSilence(err error) {
	metrics.Faults.Inc()
	a.log.Error("directory does not answer", a.fields(zap.String("directory", directory.NameOf(err)),
		zap.String("class", string(directory.ClassOf(err))), zap.Error(err))...)
}
