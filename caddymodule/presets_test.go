package caddymodule_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/caddymodule/senders"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

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
		if name := presetName.FindStringSubmatch(m[1]); name != nil {
			found[name[1]] = m[1]
		}
	}
	for name := range presets {
		if found[name] == "" {
			t.Fatalf("%s is not documented", name)
		}
	}
	if len(found) != len(presets) {
		t.Errorf("%d presets are documented, %d are tested", len(found), len(presets))
	}
	return found
}

// provision makes the sender of a block, at another address unless url is "".
func provision(t *testing.T, block, url string) *senders.HTTP {
	t.Helper()
	if url != "" {
		block = presetOrigin.ReplaceAllString(block, "${1}"+url) + "\n"
	}
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
	s := new(senders.HTTP)
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

// Every preset, exactly as it is documented: its request says what the table says and no more, in both encodings, the
// text arrives whole, and so does the name for it.
func TestPresetsDeliver(t *testing.T) {
	for name, block := range loadPresets(t) {
		p := presets[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider := p.start(t)
			s := provision(t, block, provider.URL)
			latin, other := presetMessage, presetMessage
			other.ID, other.Text = "fedcba9876543210", "Ваш код «482913» 😀\n\n@app.example.com #482913"
			p.delivers(t, provider, s, latin, 1, p.gsm7)
			p.delivers(t, provider, s, other, 2, p.ucs2)
		})
	}
}

// delivers sends a message, the n-th, and looks at what arrives; more is what its encoding adds.
func (p preset) delivers(
	t *testing.T, provider *providers.Provider, s *senders.HTTP, m sms.Message, n int, more map[string]string,
) {
	t.Helper()
	receipt, err := s.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	got := provider.Wait(t, n)
	if got.To != p.to || got.From != p.from || got.Text != m.Text {
		t.Errorf("to %q from %q, text %q, want %q", got.To, got.From, got.Text, m.Text)
	}
	if said, want := provider.Said(n), p.says(m, more); !maps.Equal(said, want) {
		t.Errorf("the request says %v\nwant %v", said, want)
	}
	if want := map[bool]string{true: m.ID, false: got.ID}[p.own]; receipt.ID != want {
		t.Errorf("receipt %q, want %q", receipt.ID, want)
	}
	if want := map[bool]string{true: m.ID}[p.refers]; got.Reference != want {
		t.Errorf("reference %q, want %q", got.Reference, want)
	}
}

// says fills a message into what the table has.
func (p preset) says(m sms.Message, more map[string]string) map[string]string {
	hex := ""
	for _, unit := range utf16.Encode([]rune(m.Text)) {
		hex += fmt.Sprintf("%04X", unit)
	}
	all := maps.Clone(p.said)
	maps.Copy(all, more)
	for name, value := range all {
		all[name] = strings.NewReplacer("{id}", m.ID, "{text}", m.Text, "{hex}", hex).Replace(value)
	}
	return all
}

// A text that is handed over twice under one name, as only a fault could do, is one text where the provider knows
// names.
func TestPresetsRepeat(t *testing.T) {
	blocks := loadPresets(t)
	for name, class := range map[string]sms.Class{"bird": "", "android": sms.Ambiguous} {
		provider := presets[name].start(t)
		s := provision(t, blocks[name], provider.URL)
		first, err := s.Send(t.Context(), presetMessage)
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.Send(t.Context(), presetMessage)
		wantClass(t, err, class)
		if n := len(provider.Texts()); n != 1 || class == "" && second != first {
			t.Errorf("%s: %d texts, receipts %v and %v", name, n, first, second)
		}
	}
}

// Every documented error code, and every way to misbehave, ends in its class.
func TestPresetsFail(t *testing.T) {
	for name, block := range loadPresets(t) {
		p := presets[name]
		s := provision(t, block, "")
		if want := p.listed(); !maps.Equal(s.Classes, want) {
			t.Errorf("%s: classes %v, want %v", name, s.Classes, want)
		}
		for code, class := range p.codes() {
			t.Run(name+"/"+code, func(t *testing.T) {
				t.Parallel()
				provider := p.start(t)
				provider.FailWith(code)
				_, err := provision(t, block, provider.URL).Send(t.Context(), presetMessage)
				wantClass(t, err, class)
				var failure *sms.Error
				if errors.As(err, &failure) && p.coded && p.listed()[code] != "" && failure.Code != code {
					t.Errorf("code %q is told as %q", code, failure.Code)
				}
			})
		}
		for _, mood := range providers.Moods {
			t.Run(name+"/"+string(mood), func(t *testing.T) {
				t.Parallel()
				provider := p.start(t)
				provider.Misbehave(mood)
				_, err := provision(t, block, provider.URL).Send(t.Context(), presetMessage)
				wantClass(t, err, p.inMood(mood))
				if requests, elsewhere := provider.Requests(); requests != 1 || elsewhere != 0 {
					t.Errorf("%d requests, %d of them elsewhere", requests, elsewhere)
				}
				wait := map[providers.Mood]time.Duration{
					providers.TooMany: 7 * time.Second, providers.Error503: 7 * time.Second,
				}[mood]
				if got := sms.RetryAfterOf(err); got != wait {
					t.Errorf("retry after %s, want %s", got, wait)
				}
			})
		}
	}
}

// Answers whose status says yes. The last word has the body, and what is no answer of the provider's proves nothing.
func TestPresetsReadAnswers(t *testing.T) {
	blocks := loadPresets(t)
	for _, tt := range []struct {
		name   string
		status int
		body   string
		class  sms.Class
	}{
		{"telnyx", 200, `{"data":{"id":"m-1","to":[{"status":"queued"}],"errors":[]}}`, ""},
		{"telnyx", 200, `{"errors":[{"code":"99999"}]}`, sms.Config},
		{"plivo", 202, `{"api_id":"x","error":"no"}`, sms.Config},
		{"jasmin", 200, `Error "no"`, sms.Ambiguous},
		{"kannel", 200, "0: Accepted for delivery", sms.Ambiguous},
		{"playsms", 200, `{"data":[{"status":"ERR","error":"103"}]}`, sms.Account},
		{"playsms", 200, `{"data":[{"status":"ERR","error":"999"}]}`, sms.Config},
		{"playsms", 200, `{"data":[]}`, sms.Ambiguous},
		{"android", 200, `{"id":"m-1"}`, sms.Ambiguous},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		}))
		_, err := provision(t, blocks[tt.name], server.URL).Send(t.Context(), presetMessage)
		if got := sms.ClassOf(err); got != tt.class {
			t.Errorf("%s, %d %s: %v, want %q", tt.name, tt.status, tt.body, err, tt.class)
		}
		server.Close()
	}
}

// wantClass holds an error against its class, and looks for secrets in it.
func wantClass(t *testing.T, err error, class sms.Class) {
	t.Helper()
	if got := sms.ClassOf(err); got != class {
		t.Errorf("%v, want %q", err, class)
	}
	for _, secret := range []string{"5005550006", presetMessage.Code, providers.Password, providers.User} {
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
			t.Errorf("%q tells %q", text, secret)
		}
	}
}
