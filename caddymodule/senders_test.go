package caddymodule_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// configured is a sender as an operator writes it, and the provider that it is for.
type configured struct {
	name, block string
	env         []string
	*providers.Provider
	from string // what the provider sees
}

// startConfigured starts every kind of sender, in every way to configure it.
func startConfigured(t *testing.T) []configured {
	t.Helper()
	d, w, v := providers.StartDexatel(t), providers.StartTwilio(t), providers.StartVonage(t)
	i, a := providers.StartInfobip(t), providers.StartAWS(t)
	temporary := providers.StartAWS(t)
	temporary.SessionToken = "a-session-token"
	dexatel := func(more string) string {
		return fmt.Sprintf("sender dexatel {\napi_key {env.KEY}\nfrom Acme\nbase_url %s\n%s\n}", d.URL, more)
	}
	twilio := func(how string) string {
		return fmt.Sprintf("sender twilio {\naccount_sid %s\nbase_url %s\nverify_url %[2]s\n%s\n}", w.AccountSID, w.URL, how)
	}
	const (
		template = "template 0a1b2c3d-0000-0000-0000-000000000000"
		number   = "auth_token {env.TOKEN}\nfrom +15005550001"
	)
	service := "api_key {env.KEY}\napi_secret {env.SECRET}\nmessaging_service_sid " + w.MessagingServiceSID
	verify := "auth_token {env.TOKEN}\ncheck local\nverify_service_sid " + w.VerifyServiceSID
	vonage := fmt.Sprintf("sender vonage {\napi_key %s\napi_secret {env.SECRET}\nfrom Acme\nbase_url %s\n}", v.Key, v.URL)
	infobip := fmt.Sprintf("sender infobip {\napi_key {env.KEY}\nfrom Acme\nbase_url %s\n}", i.URL)
	aws := fmt.Sprintf("sender aws {\nregion %s\naccess_key_id {env.ID}\nsecret_access_key {env.SECRET}\n"+
		"origination_identity Acme\nbase_url %s\n}", a.Region, a.URL)
	return []configured{
		{"dexatel", dexatel(""), []string{"KEY=" + d.Key}, d.Provider, "Acme"},
		{"dexatel with a template", dexatel(template), []string{"KEY=" + d.Key}, d.Provider, "Acme"},
		{"twilio by number", twilio(number), []string{"TOKEN=" + w.AuthToken}, w.Provider, "+15005550001"},
		{
			"twilio by service and key", twilio(service),
			[]string{"KEY=" + w.APIKey, "SECRET=" + w.APISecret},
			w.Provider, w.MessagingServiceSID,
		},
		{"twilio by Verify", twilio(verify), []string{"TOKEN=" + w.AuthToken}, w.Provider, ""},
		{"vonage", vonage, []string{"SECRET=" + v.Secret}, v.Provider, "Acme"},
		{"infobip", infobip, []string{"KEY=" + i.Key}, i.Provider, "Acme"},
		{"aws", aws, []string{"ID=" + a.AccessKeyID, "SECRET=" + a.SecretAccessKey}, a.Provider, "Acme"},
		{
			"aws by its own environment",
			"sender aws {\norigination_identity Acme\nconfiguration_set codes\nbase_url " + temporary.URL + "\n}",
			[]string{
				"AWS_REGION=" + temporary.Region, "AWS_ACCESS_KEY_ID=" + temporary.AccessKeyID,
				"AWS_SECRET_ACCESS_KEY=" + temporary.SecretAccessKey, "AWS_SESSION_TOKEN=" + temporary.SessionToken,
			},
			temporary.Provider, "Acme",
		},
	}
}

// Every kind of sender, written as an operator writes it, gets a visitor in; its secrets stay in the environment.
func TestEverySenderGetsAVisitorIn(t *testing.T) {
	t.Parallel()
	for i, c := range startConfigured(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c := startConfigured(t)[i] // nobody else's texts
			s := startSite(t, setup{senders: c.block, env: c.env})
			v := s.visitor(t, "alice")
			page := v.open("/")
			if page.status != http.StatusForbidden || !strings.Contains(page.body, "We sent a text") {
				t.Fatalf("status %d, %s", page.status, page.body)
			}
			text := c.Wait(t, 1)
			if text.From != c.from || !strings.HasSuffix(text.To, "15005550006") {
				t.Errorf("from %q to %q", text.From, text.To)
			}
			a := v.submit(page, "/", otherwise(text.CodeInText(), text.Code))
			if a.status != http.StatusSeeOther || !v.open("/").isApp() {
				t.Errorf("code: status %d", a.status)
			}
			said := s.Log() + s.Get("/metrics") + s.Get("/config/")
			for _, secret := range c.env {
				_, value, _ := strings.Cut(secret, "=")
				if value != "" && value != "eu-central-1" && strings.Contains(said, value) {
					t.Errorf("%s is in the log, the metrics or the configuration", secret)
				}
			}
		})
	}
}
