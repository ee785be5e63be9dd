package sms_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func dexatelAccount(t *testing.T, p *providers.Dexatel, key string) *sms.DexatelAccount {
	t.Helper()
	a, err := sms.NewDexatelAccount(key, p.URL, timeout)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A registered origin or template is in the list afterwards, also when the list has several pages.
func TestDexatelRegistration(t *testing.T) {
	t.Parallel()
	p := providers.StartDexatel(t)
	a := dexatelAccount(t, p, p.Key)
	for i := range 7 {
		template, err := a.RegisterTemplate(t.Context(),
			sms.DexatelTemplate{Name: fmt.Sprintf("login %d", i), Text: "Your code is {code}"})
		if err != nil || template.ID == "" || template.Status != "pending" {
			t.Fatalf("template %+v, %v", template, err)
		}
	}
	templates, err := a.Templates(t.Context())
	if err != nil || len(templates) != 7 || templates[6].Name != "login 6" ||
		templates[6].Text != "Your code is {code}" {
		t.Errorf("templates %+v, %v", templates, err)
	}
	for code, kind := range map[string]string{"Acme": "alphanumeric", "15005550006": "did", "12345": "short code"} {
		origin, err := a.RegisterOrigin(t.Context(), sms.DexatelOrigin{Code: code, Countries: []string{"AM"}})
		if err != nil || origin.ID == "" || origin.Type != kind || origin.Name != code {
			t.Errorf("%s: %+v, %v", code, origin, err)
		}
	}
	if origins, err := a.Origins(t.Context()); err != nil || len(origins) != 3 || origins[0].Countries[0] != "AM" {
		t.Errorf("senders %+v, %v", origins, err)
	}
}

// An origin or template that Dexatel would refuse is not sent to Dexatel.
func TestDexatelRegistrationRefuses(t *testing.T) {
	t.Parallel()
	p := providers.StartDexatel(t)
	a := dexatelAccount(t, p, p.Key)
	template := func(name, text string) error {
		_, err := a.RegisterTemplate(context.Background(), sms.DexatelTemplate{Name: name, Text: text})
		return err
	}
	origin := func(code string, countries ...string) error {
		_, err := a.RegisterOrigin(context.Background(), sms.DexatelOrigin{Code: code, Countries: countries})
		return err
	}
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"template without code", template("x", "Your code"), "text: it does not contain {code}"},
		{
			"template that is too long", template("x", "{code}"+strings.Repeat("x", 1000)),
			"text: it has more than 1000",
		},
		{"template without name", template("", "{code}"), "name: expected 1 to 45"},
		{"template with a long name", template(strings.Repeat("x", 46), "{code}"), "name: expected 1 to 45"},
		{"no code", origin("", "AM"), "code: it is missing"},
		{"long name", origin("Twelve chars", "AM"), "code: expected a name of up to 11"},
		{"long number", origin("1234567890123456", "AM"), "code: expected a name"},
		{"no country", origin("Acme"), "country: it is missing"},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, tt.err, tt.want)
		}
	}
	if n, _ := p.Requests(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// A refusal of Dexatel is explained, and no error shows the API key.
func TestDexatelRegistrationFails(t *testing.T) {
	t.Parallel()
	p := providers.StartDexatel(t)
	a := dexatelAccount(t, p, p.Key)
	register := func() error {
		_, err := a.RegisterTemplate(t.Context(), sms.DexatelTemplate{Name: "login", Text: "{code}"})
		return err
	}
	if err := register(); err != nil {
		t.Fatal(err)
	}
	if err := register(); err == nil ||
		!strings.Contains(err.Error(), "error 1258: there is a template of this name already") {
		t.Errorf("name taken: %v", err)
	}
	if _, err := dexatelAccount(t, p, "wrong").Templates(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "api_key is not accepted") {
		t.Errorf("wrong key: %v", err)
	}
	for _, mood := range providers.Moods {
		p.Misbehave(mood)
		if _, err := a.Templates(t.Context()); err == nil || strings.Contains(err.Error(), p.Key) ||
			!strings.HasPrefix(err.Error(), "asking Dexatel: ") {
			t.Errorf("%s: %v", mood, err)
		}
	}
}
