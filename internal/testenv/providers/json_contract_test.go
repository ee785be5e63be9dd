package providers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// jsonContract is a provider that takes JSON: good is a request for x, and odd are members that it does not take.
type jsonContract struct {
	path, good string
	start      func(testing.TB) *providers.Provider
	login      func(*http.Request)
	odd        []string
}

var jsonContracts = map[string]jsonContract{
	"telnyx": {
		"/v2/messages", `{"from":"Acme","to":"+15005550006","text":"x","type":"SMS"}`, providers.StartTelnyx,
		withBearer,
		[]string{`"messaging_profile_id":"another"`, `"webhook_url":""`},
	},
	"plivo": {
		"/v1/Account/" + providers.User + "/Message/", `{"src":"Acme","dst":"15005550006","text":"x","type":"sms"}`,
		providers.StartPlivo, withPassword,
		[]string{`"log":"no"`, `"log":false`, `"url":"r"`},
	},
	"sinch": {
		"/xms/v1/" + providers.User + "/batches", `{"from":"Acme","to":["+15005550006"],"body":"x","type":"mt_text"}`,
		providers.StartSinch, withBearer,
		[]string{`"delivery_report":"per_recipient_soon"`, `"delivery_report":"Full"`, `"callback_url":"r"`},
	},
	"bird": {"/v1/sms", `{"from":"Acme","to":"+15005550006","text":"x"}`, providers.StartBird, func(r *http.Request) {
		withBearer(r)
		r.Header.Set("User-Agent", "acme")
	}, nil},
	"android": {
		"/message", `{"textMessage":{"text":"x"},"phoneNumbers":["+15005550006"]}`, providers.StartAndroid,
		withPassword,
		[]string{
			`"ttl":4`, `"ttl":"300"`, `"priority":128`, `"withDeliveryReport":"yes"`,
			`"id":"0123456789012345678901234567890123456"`,
		},
	},
	"infobip": {
		"/sms/3/messages", `{"messages":[{"sender":"Acme","destinations":[{"to":"15005550006"}],"content":{"text":"x"}}]}`,
		func(t testing.TB) *providers.Provider { return providers.StartInfobip(t).Provider },
		func(r *http.Request) { r.Header.Set("Authorization", "App a-key-of-infobip") }, nil,
	},
	"dexatel": {
		"/v1/messages", `{"data":{"channel":"SMS","from":"Acme","to":["15005550006"],"text":"x"}}`,
		func(t testing.TB) *providers.Provider { return providers.StartDexatel(t).Provider },
		func(r *http.Request) { r.Header.Set("X-Dexatel-Key", "0123456789abcdef0123456789abcdef") }, nil,
	},
}

// bad are requests that a contract does not take.
func (c jsonContract) bad() map[string]string {
	with := func(member string) string { return strings.Replace(c.good, "{", "{"+member+",", 1) }
	bad := map[string]string{
		"a name in capitals": strings.Replace(c.good, `"t`, `"T`, 1), "another name": with(`"x":1`),
		"an empty object": with(`"x":{}`), "something behind": c.good + "{}", "half of it": c.good[:len(c.good)-1],
		"no text": strings.Replace(c.good, `"x"`, `""`, 1), "a number for a text": strings.Replace(c.good, `"x"`, `1`, 1),
	}
	for _, member := range c.odd {
		bad[member] = with(member)
	}
	return bad
}

// JSON is read letter by letter, to its end.
func TestJSONContracts(t *testing.T) {
	t.Parallel()
	for name, c := range jsonContracts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := c.start(t)
			for what, body := range c.bad() {
				status, said := ask(t, http.MethodPost, p.URL+c.path, body, c.login)
				if status/100 == 2 && !strings.Contains(said, "REJECTED") {
					t.Errorf("%s: status %d %s", what, status, said)
				}
			}
			if status, said := ask(t, http.MethodPost, p.URL+c.path, c.good, c.login); status/100 != 2 || len(p.Texts()) != 1 {
				t.Errorf("status %d %s, %d texts", status, said, len(p.Texts()))
			}
		})
	}
}
