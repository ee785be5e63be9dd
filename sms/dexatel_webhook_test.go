package sms_test

import (
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// A webhook is registered with the secret, listed without it, and gone when it is deleted.
func TestDexatelWebhooks(t *testing.T) {
	t.Parallel()
	onEachRevision(t, func(t *testing.T, p *providers.Dexatel) {
		a := dexatelAccount(t, p, p.Key)
		const address = "https://app.example.com/sms/reports"
		made, err := a.RegisterWebhook(t.Context(), sms.DexatelWebhook{URL: address, Secret: "a-long-secret"})
		if err != nil || made.ID == "" {
			t.Fatalf("%+v, %v", made, err)
		}
		if w := p.Webhooks(); len(w) != 1 || w[0]["secret"] != "a-long-secret" || w[0]["event"] != "delivery" ||
			w[0]["url"] != address || w[0]["name"] != "app.example.com" || w[0]["channel"] != "SMS" {
			t.Errorf("registered %v", w)
		}
		listed, err := a.Webhooks(t.Context())
		if err != nil || len(listed) != 1 || listed[0].ID != made.ID || listed[0].URL != address ||
			listed[0].Secret != "" {
			t.Errorf("listed %+v, %v", listed, err)
		}
		if _, err := a.RegisterWebhook(t.Context(), sms.DexatelWebhook{URL: address, Secret: "s"}); err == nil {
			t.Error("a second webhook for one event")
		}
		if err := a.DeleteWebhook(t.Context(), made.ID); err != nil || len(p.Webhooks()) != 0 {
			t.Errorf("deleting: %v, left %v", err, p.Webhooks())
		}
		if err := a.DeleteWebhook(t.Context(), made.ID); err == nil ||
			!strings.Contains(err.Error(), "there is no /v1/webhooks/"+made.ID) {
			t.Errorf("deleting again: %v", err)
		}
	})
}

// What cannot be a webhook is not sent to Dexatel.
func TestDexatelWebhooksRefuse(t *testing.T) {
	t.Parallel()
	p := providers.StartDexatel(t)
	a := dexatelAccount(t, p, p.Key)
	register := func(url, secret string) error {
		_, err := a.RegisterWebhook(t.Context(), sms.DexatelWebhook{URL: url, Secret: secret})
		return err
	}
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"no address", register("", "s"), "url: it is not an address"},
		{"a path", register("/sms/reports", "s"), "url: it is not an address"},
		{"no secret", register("https://app.example.com/r", ""), "report_secret: it is missing"},
		{"no ID", a.DeleteWebhook(t.Context(), ""), "id: expected the ID"},
		{"dots for an ID", a.DeleteWebhook(t.Context(), ".."), "id: expected the ID"},
		{"a line for an ID", a.DeleteWebhook(t.Context(), "a\nb"), "id: expected the ID"},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, tt.err, tt.want)
		}
	}
	if n, _ := p.Requests(); n != 0 {
		t.Errorf("%d requests", n)
	}
}
