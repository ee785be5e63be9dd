package providers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// What the revisions of Dexatel's API answer: the answer to a verification, the list, and webhooks.
func TestDexatelRevisions(t *testing.T) {
	t.Parallel()
	verification := func(more string) string {
		return `{"data":{"channel":"SMS","sender":"Acme","phone":"15005550006",` + more +
			`"template":"11111111-2222-4333-8444-555555555555","code":"1234"}}`
	}
	webhook := `{"data":{"name":"x","channel":"SMS","url":"https://a.example/r","event":"delivery","secret":"s"}}`
	const list = "/v1/verifications?phone=15005550006&code=1234"
	only := func(revision providers.Revision, words ...string) map[providers.Revision][]string {
		return map[providers.Revision][]string{revision: words}
	}
	for _, revision := range providers.DexatelRevisions {
		t.Run(string(revision), func(t *testing.T) {
			t.Parallel()
			d := providers.StartDexatelOf(t, revision)
			login := func(r *http.Request) { r.Header.Set("X-Dexatel-Key", d.Key) }
			for _, tt := range []struct {
				name, method, path, body string
				status                   int
				has, lacks               map[providers.Revision][]string
			}{
				{
					"a verification", "POST", "/v1/verifications", verification(`"payload":"ours","number_formatting":false,`),
					map[providers.Revision]int{"2022": 201, "2026": 200}[revision],
					only("2022", `"data":`, `"expire_date":"2`, `"message_id":"message-1"`),
					only("2026", `"data":`, `"expire_date"`, `"1234"`),
				},
				{
					"its entry", "GET", list, "", 200,
					map[providers.Revision][]string{"2022": {`"code":"1234"`}, "2026": {`.`, `Z"`, `"message_id":"message-1"`}},
					map[providers.Revision][]string{"2022": {`Z"`}, "2026": {`"code"`}},
				},
				{"its entry again", "GET", list, "", 200, only(revision, `"data":[]`), nil},
				{
					"a payload of 500", "POST", "/v1/verifications", verification(`"payload":"` + strings.Repeat("Ж", 500) + `",`),
					map[providers.Revision]int{"2022": 201, "2026": 200}[revision], nil, nil,
				},
				{
					"a payload of 501", "POST", "/v1/verifications", verification(`"payload":"` + strings.Repeat("x", 501) + `",`),
					400, only(revision, `"code":1705`), nil,
				},
				{
					"formatting that is not true or false", "POST", "/v1/verifications", verification(`"number_formatting":"no",`),
					400, only(revision, `"code":1005`), nil,
				},
				{"no webhook", "GET", "/v1/webhooks", "", 200, only(revision, `"data":[]`), nil},
				{"a webhook", "POST", "/v1/webhooks", webhook, 201, only(revision, `"id":"00000001-`), nil},
				{"another one for its event", "POST", "/v1/webhooks", webhook, 409, nil, nil},
				{
					"a webhook for another event", "POST", "/v1/webhooks", strings.Replace(webhook, "delivery", "opening", 1),
					400, nil, nil,
				},
				{"the list", "GET", "/v1/webhooks", "", 200, only(revision, `"event":"delivery"`), nil},
				{"an unknown one", "DELETE", "/v1/webhooks/x", "", 404, nil, nil},
				{"the webhook goes", "DELETE", "/v1/webhooks/00000001-0000-4000-9000-000000000000", "", 204, nil, nil},
				{"it is gone", "GET", "/v1/webhooks", "", 200, only(revision, `"data":[]`), nil},
			} {
				status, said := ask(t, tt.method, d.URL+tt.path, tt.body, login)
				if status != tt.status {
					t.Errorf("%s: status %d, want %d: %s", tt.name, status, tt.status, said)
				}
				for _, word := range tt.has[revision] {
					if !strings.Contains(said, word) {
						t.Errorf("%s: no %s in %s", tt.name, word, said)
					}
				}
				for _, word := range tt.lacks[revision] {
					if strings.Contains(said, word) {
						t.Errorf("%s: %s in %s", tt.name, word, said)
					}
				}
			}
			if texts := d.Texts(); texts[0].Reference != "ours" {
				t.Errorf("payload %q", texts[0].Reference)
			}
		})
	}
}

// Unless a client forbids it, a zero behind some country codes goes.
func TestDexatelFormatsNumbers(t *testing.T) {
	t.Parallel()
	d := providers.StartDexatel(t)
	for formatting, want := range map[string]string{
		"": "225712345678", `"number_formatting":true,`: "225712345678", `"number_formatting":false,`: "2250712345678",
	} {
		body := `{"data":{"channel":"SMS",` + formatting + `"from":"Acme","to":["2250712345678"],"text":"x"}}`
		ask(t, http.MethodPost, d.URL+"/v1/messages", body, func(r *http.Request) { r.Header.Set("X-Dexatel-Key", d.Key) })
		if texts := d.Texts(); texts[len(texts)-1].To != want {
			t.Errorf("%q: to %s, want %s", formatting, texts[len(texts)-1].To, want)
		}
	}
}
