package providers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// What Twilio, Vonage and Dexatel take and refuse, beyond what our senders send.
func TestAccountContracts(t *testing.T) {
	t.Parallel()
	w, v, d := providers.StartTwilio(t), providers.StartVonage(t), providers.StartDexatel(t)
	message := w.URL + "/2010-04-01/Accounts/" + w.AccountSID + "/Messages.json"
	service := w.URL + "/v2/Services/" + w.VerifyServiceSID + "/Verifications"
	vonage := "api_key=" + v.Key + "&api_secret=" + v.Secret + "&from=Acme&to=15005550006&text=x&type=text"
	origin := `{"data":{"name":"x","channel":"SMS","type":"short code","code":"12345","countries":["AM"]}}`
	text := func(text string) string {
		return `{"data":{"channel":"SMS","from":"Acme","to":["15005550006"],"text":"` + text + `"}}`
	}
	to := "To=%2B15005550006&"
	asAccount := func(r *http.Request) { r.SetBasicAuth(w.AccountSID, w.AuthToken) }
	asKey := func(r *http.Request) { r.SetBasicAuth(w.APIKey, w.APISecret) }
	asMix := func(r *http.Request) { r.SetBasicAuth(w.APIKey, w.AuthToken) }
	asDexatel := func(r *http.Request) { r.Header.Set("X-Dexatel-Key", d.Key) }
	for _, tt := range []struct {
		name, method, address, body string
		login                       func(*http.Request)
		status                      int
		said                        string
	}{
		{"a key", "POST", message, to + "From=Acme&Body=x", asKey, 201, `"num_segments":"1"`},
		{"a key with the account's token", "POST", message, to + "From=Acme&Body=x", asMix, 401, `"code":20003`},
		{
			"a callback without a host", "POST", message, to + "From=Acme&Body=x&StatusCallback=/r", asAccount, 400,
			`"code":21609`,
		},
		{
			"a messaging service", "POST", message, to + "Body=x&MessagingServiceSid=" + w.MessagingServiceSID, asAccount, 201,
			`"status":"accepted"`,
		},
		{
			"1600 characters", "POST", message, to + "From=Acme&Body=" + strings.Repeat("Ж", 1600), asAccount, 201,
			`"num_segments":"24"`,
		},
		{
			"1601 characters", "POST", message, to + "From=Acme&Body=" + strings.Repeat("x", 1601), asAccount, 400,
			`"code":21617`,
		},
		{"a code of letters", "POST", service, to + "Channel=sms&CustomCode=abcdef", asAccount, 400, `"code":60200`},
		{"a callback that is none", "POST", v.URL + "/sms/json", vonage + "&callback=r", nil, 200, `"status":"23"`},
		{
			"a receipt of another kind", "POST", v.URL + "/sms/json", vonage + "&status-report-req=yes", nil, 200,
			`"status":"3"`,
		},
		{
			"a reference of 40 characters", "POST", v.URL + "/sms/json", vonage + "&client-ref=" + strings.Repeat("Ж", 40), nil,
			200, `"status":"0"`,
		},
		{
			"a reference of 41", "POST", v.URL + "/sms/json", vonage + "&client-ref=" + strings.Repeat("x", 41), nil, 200,
			`"status":"3"`,
		},
		{"an unknown filter", "GET", d.URL + "/v1/senders?filter[colour]=red", "", asDexatel, 400, `"code":1705`},
		{
			"an unknown parameter", "GET", d.URL + "/v1/verifications?phone=15005550006&code=1234&sort=up", "", asDexatel, 400,
			`"code":1705`,
		},
		{"a page", "GET", d.URL + "/v1/templates?page_size=30&filter[name]=x", "", asDexatel, 200, `"data":[]`},
		{
			"a short code of 4", "POST", d.URL + "/v1/senders", strings.Replace(origin, "12345", "1234", 1), asDexatel, 400,
			`"code":1407`,
		},
		{"a short code of 5", "POST", d.URL + "/v1/senders", origin, asDexatel, 201, `"status":"pending"`},
		{
			"a name in capitals", "POST", d.URL + "/v1/senders", strings.Replace(origin, "name", "Name", 1), asDexatel, 400,
			`"code":1005`,
		},
		{
			"1000 letters", "POST", d.URL + "/v1/messages", text(strings.Repeat("Ж", 1000)), asDexatel, 201,
			`"segments_count":15`,
		},
		{"1001", "POST", d.URL + "/v1/messages", text(strings.Repeat("x", 1001)), asDexatel, 400, `"code":1510`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, said := ask(t, tt.method, tt.address, tt.body, tt.login)
			if status != tt.status || !strings.Contains(said, tt.said) {
				t.Errorf("status %d %s, want %d with %s", status, said, tt.status, tt.said)
			}
		})
	}
}

// An entry of Dexatel's list has all that it is told by, with times in UTC; a code holds for five minutes.
func TestDexatelEntry(t *testing.T) {
	t.Parallel()
	d := providers.StartDexatel(t)
	login := func(r *http.Request) { r.Header.Set("X-Dexatel-Key", d.Key) }
	body := `{"data":{"channel":"SMS","sender":"Acme","phone":"15005550006","template":"` +
		`11111111-2222-4333-8444-555555555555","code":"1234"}}`
	status, said := ask(t, http.MethodPost, d.URL+"/v1/verifications", body, login)
	if status != http.StatusCreated || strings.Contains(said, `"1234"`) {
		t.Errorf("status %d %s", status, said)
	}
	_, said = ask(t, http.MethodGet, d.URL+"/v1/verifications?phone=15005550006&code=1234", "", login)
	var list struct{ Data []map[string]string }
	if err := json.Unmarshal([]byte(said), &list); err != nil || len(list.Data) != 1 {
		t.Fatal(said, err)
	}
	entry := list.Data[0]
	begun, _ := time.Parse(time.DateTime, entry["create_date"])
	end, _ := time.Parse(time.DateTime, entry["expire_date"])
	if entry["phone"] != "15005550006" || entry["code"] != "1234" || entry["message_id"] != d.Texts()[0].ID ||
		entry["account_id"] == "" ||
		time.Since(begun).Abs() > time.Minute || end.Sub(begun) != 5*time.Minute {
		t.Errorf("%v", entry)
	}
}
