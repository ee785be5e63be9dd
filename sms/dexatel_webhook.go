package sms

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// DexatelWebhook is an address to which Dexatel reports.
type DexatelWebhook struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name"` // in the account
	URL     string `json:"url"`
	Event   string `json:"event"`   // delivery, or message for texts that phones send
	Channel string `json:"channel"` // SMS
	// Secret is what Dexatel signs reports with. It is only sent, and never read.
	Secret string `json:"-"`
}

// Webhooks lists the addresses to which Dexatel reports.
func (a *DexatelAccount) Webhooks(ctx context.Context) ([]DexatelWebhook, error) {
	return listDexatel[DexatelWebhook](ctx, a, "/v1/webhooks", nil)
}

// RegisterWebhook asks Dexatel to report deliveries to an address, signed with a secret. Dexatel has one webhook for
// each event. The default of Name is the host of the address.
func (a *DexatelAccount) RegisterWebhook(ctx context.Context, w DexatelWebhook) (DexatelWebhook, error) {
	if err := publicURL("url", w.URL); err != nil {
		return w, err
	}
	if u, err := url.Parse(w.URL); err == nil {
		w.Name = cmp.Or(w.Name, u.Hostname())
	}
	w.Event, w.Channel = "delivery", "SMS"
	if err := dexatelName(w.Name); err != nil {
		return w, err
	}
	if err := credential("report_secret", w.Secret); err != nil {
		return w, err
	}
	made, err := registerDexatel(ctx, a, "/v1/webhooks", struct {
		DexatelWebhook
		Secret string `json:"secret"`
	}{w, w.Secret})
	return made.DexatelWebhook, err
}

// DeleteWebhook ends the reports to an address. id is that of the list.
func (a *DexatelAccount) DeleteWebhook(ctx context.Context, id string) error {
	if printable(id) == "" || strings.Trim(id, ".") == "" {
		return errors.New("id: expected the ID of a webhook, as the list has it")
	}
	_, err := a.read(ctx, http.MethodDelete, "/v1/webhooks/"+url.PathEscape(id), nil)
	return err
}
