package caddymodule_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// An operator registers, sees and deletes the webhook without leaving the terminal; the secret stays in the
// environment.
func TestWebhooksFromTheTerminal(t *testing.T) {
	t.Parallel()
	onEachRevision(t, func(t *testing.T, p *providers.Dexatel) {
		const caddyfile = "{\nsms_2fa {\nsender dexatel {\napi_key {env.DEXATEL_API_KEY}\nbase_url %s\n%s\n}\n}\n}\n"
		env := []string{"DEXATEL_API_KEY=" + p.Key, "DEXATEL_REPORT_SECRET=" + reportSecret}
		o := newTerminal(t, fmt.Sprintf(caddyfile, p.URL, "report_secret {env.DEXATEL_REPORT_SECRET}"), env...)
		const id = "00000001-0000-4000-9000-000000000000"
		for _, tt := range []struct {
			line string
			ok   bool
			want string
		}{
			{"webhooks list", true, "ID  NAME  EVENT  URL"},
			{"webhooks create", false, "url: it is not an address"},
			{
				"webhooks create --url https://app.example.com/sms/reports", true,
				"sms_2fa_reports  /sms/reports  dexatel  # webhook " + id,
			},
			{"webhooks create --url https://app.example.com/sms/reports", false, "HTTP status 409"},
			{"webhooks list", true, id + "  app.example.com  delivery  https://app.example.com/sms/reports"},
			{"webhooks delete", false, "accepts 1 arg"},
			{"webhooks delete " + id, true, "deleted  " + id},
			{"webhooks delete " + id, false, "HTTP status 404: there is no /v1/webhooks/" + id},
			{"webhooks list", true, "ID  NAME  EVENT  URL"},
		} {
			out, ok := o.types(strings.Fields("dexatel " + tt.line)...)
			if ok != tt.ok || !strings.Contains(out, tt.want) {
				t.Errorf("%s: succeeded %t, said\n%s", tt.line, ok, out)
			}
			if strings.Contains(out, p.Key) || strings.Contains(out, reportSecret) {
				t.Errorf("%s: a secret is printed", tt.line)
			}
		}
		bare := newTerminal(t, fmt.Sprintf(caddyfile, p.URL, ""), env...)
		out, ok := bare.types(strings.Fields("dexatel webhooks create --url https://app.example.com/r")...)
		if ok || !strings.Contains(out, "report_secret: it is missing") || !strings.Contains(out, "Caddyfile: sender") {
			t.Errorf("without a secret: %s", out)
		}
	})
}
