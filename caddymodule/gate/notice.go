package gate

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"html"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// errNoRoom says that no text could be sent, because too many are on their way.
var errNoRoom = errors.New("too many texts are on their way")

// noticeLife is how long a provider may take to deliver a notice.
const noticeLife = 24 * time.Hour

// tellChanged tells a number by text that its user has replaced it: whoever has the phone learns of a change that
// somebody else has made. It is no code, costs the visitor no time, and does not undo the change when it fails.
func (h *holder) tellChanged(old phone.Number) {
	if h.NotifyChange != "on" || !isMobile(old) || h.isTestNumber(old) {
		return
	}
	fields := h.fields(zap.String("phone", old.Masked()))
	m, err := h.changeNotice(old)
	slot := h.app.Backend().Outbox().Reserve(h.app.InFlight())
	if err != nil || slot == nil {
		h.log.Error("old number was not told of the change", append(fields, zap.Error(cmp.Or(err, errNoRoom)))...)
		return
	}
	defer slot.Release()
	slot.Use(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, sendTimeout)
		defer cancel()
		tries := h.app.Failover().Send(ctx, m, sms.Order{})
		if last := tries[len(tries)-1]; last.Err != nil {
			h.log.Error("old number was not told of the change", append(fields, zap.Error(last.Err))...)
			return
		}
		h.log.Info("old number told of the change", fields...)
	})
}

func isMobile(n phone.Number) bool {
	kind := n.Kind()
	return kind == phone.Mobile || kind == phone.FixedLineOrMobile
}

// changeNotice is the text to a number that was replaced, in the language of the visitor who replaced it.
func (h *holder) changeNotice(old phone.Number) (sms.Message, error) {
	language := h.words.Choose(h.r.Header.Get("Accept-Language"))
	said, err := language.Say("sms-number-changed", "brand", h.brand())
	id := make([]byte, 8)
	_, _ = rand.Read(id)
	return sms.Message{
		ID: hex.EncodeToString(id), To: old, Text: html.UnescapeString(string(said)), TTL: noticeLife,
		Language: language.Tag.String(),
	}, err
}
