package caddymodule_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/caddymodule"
	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// preset is one of docs/presets.md, with the server that holds it to its provider's documentation.
type preset struct {
	start   func(testing.TB) *testenv.Provider
	to      string // how it writes the number
	codes   map[sms.Class][]string
	unclear sms.Class // of a yes whose body cannot be read
	halved  sms.Class // of a yes whose body is cut in half
	named   bool      // the receipt has the provider's name for the text
}

var presets = map[string]preset{
	"telnyx": {start: testenv.StartTelnyx, to: "+15005550006", unclear: sms.Ambiguous, halved: sms.Ambiguous, named: true, codes: map[sms.Class][]string{
		sms.InvalidNumber: {"10001", "10002", "10016", "40001", "40012", "40310"}, sms.Blocked: {"40002", "40003", "40015", "40300"},
		sms.RateLimited: {"10011", "40011"}, sms.Unauthorized: {"10009", "10010"}, sms.Account: {"20100"}, sms.Config: {"10004", "10015", "40013", "99999"},
	}},
	"plivo": {start: testenv.StartPlivo, to: "15005550006", unclear: sms.Ambiguous, halved: sms.Ambiguous, named: true, codes: map[sms.Class][]string{
		sms.Config: {"400", "404"}, sms.Unauthorized: {"401"}, sms.Account: {"402"}, sms.RateLimited: {"429"}, sms.Ambiguous: {"500"},
	}},
	"sinch": {start: testenv.StartSinch, to: "+15005550006", named: true, codes: map[sms.Class][]string{
		sms.InvalidNumber: {"syntax_invalid_parameter_format", "illegal_number_type"}, sms.Account: {"blocked_account"},
		sms.Config: {"syntax_invalid_json", "syntax_constraint_violation", "missing_callback_url", "of_tomorrow"}, sms.Unauthorized: {"unauthorized"},
	}},
	"bird": {start: testenv.StartBird, to: "+15005550006", named: true, codes: map[sms.Class][]string{
		sms.Unauthorized: {"unauthorized", "forbidden"}, sms.RateLimited: {"rate_limited"}, sms.Config: {"invalid_request"},
	}},
	"jasmin": {start: testenv.StartJasmin, to: "15005550006", unclear: sms.Ambiguous, named: true, codes: map[sms.Class][]string{
		sms.Unauthorized: {"403"}, sms.Config: {"400", "412"}, sms.Ambiguous: {"500"},
	}},
	"kannel": {start: testenv.StartKannel, to: "+15005550006", named: true, codes: map[sms.Class][]string{
		sms.Unauthorized: {"Authorization"}, sms.Config: {"Missing", "Not routable", "Unknown"}, sms.Temporary: {"Temporal"},
	}},
	"playsms": {start: testenv.StartPlaySMS, to: "+15005550006", unclear: sms.Ambiguous, halved: sms.Ambiguous, named: true, codes: map[sms.Class][]string{
		sms.Unauthorized: {"100", "104", "105", "106"}, sms.Account: {"103"}, sms.Config: {"101", "102", "999"}, sms.Temporary: {"200"}, sms.InvalidNumber: {"201"},
	}},
	"android": {start: testenv.StartAndroid, to: "+15005550006", named: true, codes: map[sms.Class][]string{
		sms.Unauthorized: {"401"}, sms.Config: {"400"}, sms.Ambiguous: {"409"}, sms.Temporary: {"503"},
	}},
}

// secrets are what the presets read from the environment.
var secrets = map[string]string{
	"TELNYX_API_KEY": testenv.GatewayPassword, "PLIVO_AUTH_ID": testenv.GatewayUser, "PLIVO_AUTH_TOKEN": testenv.GatewayPassword,
	"SINCH_SERVICE_PLAN_ID": testenv.GatewayUser, "SINCH_API_TOKEN": testenv.GatewayPassword, "BIRD_API_KEY": testenv.GatewayPassword,
	"JASMIN_USER": testenv.GatewayUser, "JASMIN_PASSWORD": testenv.GatewayPassword, "KANNEL_USER": testenv.GatewayUser,
	"KANNEL_PASSWORD": testenv.GatewayPassword, "PLAYSMS_USER": testenv.GatewayUser, "PLAYSMS_TOKEN": testenv.GatewayPassword,
	"ANDROID_USER": testenv.GatewayUser, "ANDROID_PASSWORD": testenv.GatewayPassword,
	"TELNYX_REPORT_SECRET": reportSecret, "PLIVO_REPORT_SECRET": reportSecret, "SINCH_WEBHOOK_SECRET": reportSecret,
	"JASMIN_REPORT_SECRET": reportSecret, "KANNEL_REPORT_SECRET": reportSecret, "ANDROID_SIGNING_KEY": reportSecret,
}

const reportSecret = "0123456789abcdef-reports"

var (
	presetName   = regexp.MustCompile(`(?m)^\tname +(\S+)`)
	presetOrigin = regexp.MustCompile(`(?m)^(\turl +)https?://[^/\s]+`)
)

// loadPresets reads the blocks of the documentation, by name.
func loadPresets(t *testing.T) map[string]string {
	t.Helper()
	for name, value := range secrets {
		t.Setenv(name, value)
	}
	source, err := os.ReadFile("../docs/presets.md")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, m := range example.FindAllStringSubmatch(string(source), -1) {
		found[presetName.FindStringSubmatch(m[1])[1]] = m[1]
	}
	if len(found) != len(presets) {
		t.Errorf("%d presets are documented, %d are tested", len(found), len(presets))
	}
	return found
}

// provision makes the sender of a block, at another address.
func provision(t *testing.T, block, url string) *caddymodule.HTTPSender {
	t.Helper()
	block = presetOrigin.ReplaceAllString(block, "${1}"+url) + "\n"
	block = strings.Replace(block, "\n}", "\n\ttimeout 700ms\n}", 1)
	adapted, err := adapt("{\nsms_2fa {\n" + block + "}\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Apps struct {
			SMS struct{ Sender []json.RawMessage } `json:"sms_2fa"`
		}
	}
	if err := json.Unmarshal(adapted, &config); err != nil {
		t.Fatal(err)
	}
	raw := strings.Replace(string(config.Apps.SMS.Sender[0]), `"sender": "http"`, `"name": "x"`, 1)
	s := new(caddymodule.HTTPSender)
	if err := json.Unmarshal([]byte(raw), s); err != nil {
		t.Fatal(err)
	}
	if err := s.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	return s
}

var presetMessage = sms.Message{
	ID: "0123456789abcdef", To: "+15005550006", Code: "482913", Language: "en", TTL: 5 * time.Minute,
	Text: "Acme & \"Söhne\": \\ 100% {to} 482913.\n\n@app.example.com #482913",
}

// Every preset, exactly as it is documented: the text arrives whole, in both encodings, and so does the name for it.
func TestPresetsDeliver(t *testing.T) {
	for name, block := range loadPresets(t) {
		p := presets[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider := p.start(t)
			s := provision(t, block, provider.URL)
			for i, text := range []string{presetMessage.Text, "Ваш код «482913» 😀\n\n@app.example.com #482913"} {
				m := presetMessage
				m.Text = text
				receipt, err := s.Send(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				got := provider.Wait(t, i+1)
				if got.To != p.to || got.Text != text {
					t.Errorf("to %q, text %q, want %q", got.To, got.Text, text)
				}
				if want := got.ID; p.named && receipt.ID != want && receipt.ID != m.ID {
					t.Errorf("receipt %q, the provider calls it %q", receipt.ID, want)
				}
				if got.Reference != "" && got.Reference != m.ID {
					t.Errorf("reference %q, want %q", got.Reference, m.ID)
				}
			}
		})
	}
}

// Every documented error code, and every way to misbehave, ends in its class.
func TestPresetsFail(t *testing.T) {
	for name, block := range loadPresets(t) {
		p := presets[name]
		for class, codes := range p.codes {
			for _, code := range codes {
				t.Run(name+"/"+code, func(t *testing.T) {
					t.Parallel()
					provider := p.start(t)
					provider.FailWith(code)
					_, err := provision(t, block, provider.URL).Send(t.Context(), presetMessage)
					wantClass(t, err, class)
				})
			}
		}
		for _, mood := range testenv.Moods {
			t.Run(name+"/"+string(mood), func(t *testing.T) {
				t.Parallel()
				provider := p.start(t)
				provider.Misbehave(mood)
				_, err := provision(t, block, provider.URL).Send(t.Context(), presetMessage)
				wantClass(t, err, p.inMood(mood))
				if requests, elsewhere := provider.Requests(); requests != 1 || elsewhere != 0 {
					t.Errorf("%d requests, %d of them elsewhere", requests, elsewhere)
				}
			})
		}
	}
}

func (p preset) inMood(mood testenv.Mood) sms.Class {
	switch mood {
	case testenv.Unauthorized:
		return sms.Unauthorized
	case testenv.TooMany, testenv.TooManyBare:
		return sms.RateLimited
	case testenv.Error503:
		return sms.Temporary
	case testenv.Redirect:
		return sms.Config
	case testenv.Error500, testenv.Error503Bare, testenv.SeeElsewhere, testenv.AcceptThen500, testenv.Hang, testenv.AcceptThenReset:
		return sms.Ambiguous
	}
	if mood == testenv.BrokenJSON {
		return p.halved
	}
	return p.unclear
}

// wantClass holds an error against its class, and looks for secrets in it.
func wantClass(t *testing.T, err error, class sms.Class) {
	t.Helper()
	if got := sms.ClassOf(err); got != class {
		t.Errorf("%v, want %q", err, class)
	}
	for _, secret := range []string{"5005550006", presetMessage.Code, testenv.GatewayPassword, testenv.GatewayUser} {
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
			t.Errorf("%q tells %q", text, secret)
		}
	}
}

// Reports of the presets, as their providers send them.
func TestPresetsReport(t *testing.T) {
	now := time.Now()
	stamp := strconv.FormatInt(now.Unix(), 10)
	sign := func(text string) []byte {
		mac := hmac.New(sha256.New, []byte(reportSecret))
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	sinch := `{"type":"recipient_delivery_report_sms","batch_id":"b-1","recipient":"15005550006","code":0,"status":"Delivered"}`
	android := `{"event":"sms:failed","payload":{"messageId":"m-1","phoneNumber":"+15005550006","reason":"no"}}`
	tests := []struct {
		name, query, body string
		header            http.Header
		want              sms.Report
	}{
		{"telnyx", "?secret=" + reportSecret, `{"data":{"event_type":"message.finalized","payload":{"id":"m-1","to":[{"status":"delivered"}],"errors":[]}}}`, nil,
			sms.Report{ID: "m-1", State: sms.Delivered}},
		{"telnyx", "?secret=" + reportSecret, `{"data":{"payload":{"id":"m-1","to":[{"status":"delivery_failed"}],"errors":[{"code":"40001"}]}}}`, nil,
			sms.Report{ID: "m-1", State: sms.Undelivered, Code: "40001"}},
		{"plivo", "?secret=" + reportSecret, "MessageUUID=m-1&Status=undelivered&ErrorCode=450&To=15005550006", nil, sms.Report{ID: "m-1", State: sms.Undelivered, Code: "450"}},
		{"sinch", "", sinch, http.Header{
			"X-Sinch-Webhook-Signature":           {base64.StdEncoding.EncodeToString(sign(sinch + ".n0nce." + stamp))},
			"X-Sinch-Webhook-Signature-Timestamp": {stamp}, "X-Sinch-Webhook-Signature-Nonce": {"n0nce"},
		}, sms.Report{ID: "b-1", State: sms.Delivered, Code: "0"}},
		{"jasmin", "?secret=" + reportSecret, "id=m-1&message_status=DELIVRD&level=3&err=000", nil, sms.Report{ID: "m-1", State: sms.Delivered, Code: "000"}},
		{"kannel", "?secret=" + reportSecret + "&id=m-1&state=2", "", nil, sms.Report{ID: "m-1", State: sms.Undelivered}},
		{"android", "", android, http.Header{"X-Signature": {hex.EncodeToString(sign(android + stamp))}, "X-Timestamp": {stamp}}, sms.Report{ID: "m-1", State: sms.Undelivered}},
	}
	blocks := loadPresets(t)
	for _, tt := range tests {
		s := provision(t, blocks[tt.name], "https://api.example.com")
		if err := s.Reports(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		ask := func(query string, body string, at time.Time) ([]sms.Report, error) {
			r := httptest.NewRequest(http.MethodPost, "/"+query, strings.NewReader(body))
			r.Header = tt.header.Clone()
			return s.ReadReports(r, []byte(body), at)
		}
		if got, err := ask(tt.query, tt.body, now); err != nil || !slices.Equal(got, []sms.Report{tt.want}) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
		forgedQuery, forgedBody := strings.Replace(tt.query, reportSecret, "0123456789abcdef-reporty", 1), tt.body
		if tt.header != nil {
			forgedBody = strings.Replace(tt.body, "-1", "-2", 1)
			if _, err := ask(tt.query, tt.body, now.Add(6*time.Minute)); !errors.Is(err, sms.ErrStale) {
				t.Errorf("%s, later: %v", tt.name, err)
			}
		}
		if _, err := ask(forgedQuery, forgedBody, now); !errors.Is(err, sms.ErrForged) {
			t.Errorf("%s, forged: %v", tt.name, err)
		}
	}
	if got := provision(t, blocks["jasmin"], "https://api.example.com").Acknowledgement(); got != "ACK/Jasmin" {
		t.Errorf("Jasmin is answered %q", got)
	}
}
