package gate

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/directory"
)

// noNumberEvery is how often the log tells that the same account has no number.
const noNumberEvery = time.Minute

// reviewNumbers has the directories that know all of their numbers judge them as this gate reads them. Only the gate
// knows its default region; several gates of one directory may have several.
func (h *Handler) reviewNumbers() error {
	for _, l := range h.directory.Links() {
		if reviewed, ok := l.Directory().(directory.Reviewed); ok {
			if err := h.review(reviewed); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *Handler) review(reviewed directory.Reviewed) error {
	log := h.log.With(zap.String("zone", h.Zone), zap.String("default_region", h.DefaultRegion))
	err := reviewed.Review(h.DefaultRegion, func(err error) {
		log.Warn("phone numbers on file need a look", zap.Error(err))
	})
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	return nil
}

// noNumber logs why there is no number to which a text could go, once in a while for each account: err is nil if there
// is none on file, and else says why the one on file cannot be read.
func (a *account) noNumber(err error) {
	who, now := a.pseudonym(), a.clock()
	if last, told := a.numberless.Get(who); told && now.Sub(last).Abs() < noNumberEvery {
		return
	}
	a.numberless.Put(who, now)
	if err != nil {
		a.log.Warn("phone number on file cannot be read", a.fields(zap.String("problem", "no-phone"), zap.Error(err))...)
		return
	}
	a.log.Warn("there is no phone number on file", a.fields(zap.String("problem", "no-phone"))...)
}
