package sms_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func init() {
	start := func(t *testing.T) (*providers.Provider, senderAt, []string) {
		p := providers.StartInfobip(t)
		return p.Provider, func(url string) (sms.Sender, error) {
			return sms.NewInfobip(sms.InfobipOptions{APIKey: p.Key, From: "Acme", BaseURL: url, Timeout: timeout})
		}, []string{p.Key}
	}
	everyProvider = append(everyProvider, provider{"infobip", start, map[sms.Class][]string{
		sms.InvalidNumber: {"8", "51", "52"}, sms.Blocked: {"6", "10", "14", "87"},
		sms.Config:  {"11", "13", "18", "19", "25", "E400"},
		sms.Account: {"12", "17"}, sms.RateLimited: {"20"}, sms.Ambiguous: {"23", "E500"},
		sms.Unauthorized: {"E401", "E403", "UNAUTHORIZED"},
	}, "99", sms.Ambiguous})
}

func TestInfobipContract(t *testing.T) {
	t.Parallel()
	p := providers.StartInfobip(t)
	s, err := sms.NewInfobip(sms.InfobipOptions{APIKey: p.Key, From: "Acme", BaseURL: p.URL + "/", Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := s.Send(t.Context(), message)
	if got := p.Wait(t, 1); err != nil || receipt.ID != message.ID || got.To != "15005550006" || got.From != "Acme" ||
		got.Text != message.Text || got.Reference != message.ID {
		t.Errorf("%+v, receipt %+v, %v", got, receipt, err)
	}
}

// The group of a status decides, and then the status itself: a text that was not rejected at once may have arrived.
func TestInfobipGroups(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		group string
		id    int
		class sms.Class
	}{
		{"PENDING", 26, ""},
		{"Pending", 26, ""},
		{"rejected", 99, sms.Config},
		{"ACCEPTED", 3, ""},
		{"DELIVERED", 5, ""},
		{"REJECTED", 12, sms.Account},
		{"REJECTED", 99, sms.Config},
		{"UNDELIVERABLE", 52, sms.InvalidNumber},
		{"UNDELIVERABLE", 9, sms.Ambiguous},
		{"EXPIRED", 87, sms.Blocked},
		{"EXPIRED", 15, sms.Ambiguous},
		{"OF_TOMORROW", 26, sms.Ambiguous},
		{"", 0, sms.Ambiguous},
	} {
		url, _ := echo(t, http.StatusOK, nil,
			fmt.Sprintf(`{"messages":[{"messageId":"m-1","status":{"groupName":%q,"id":%d}}]}`, tt.group, tt.id))
		s, err := sms.NewInfobip(sms.InfobipOptions{APIKey: "k", From: "Acme", BaseURL: url, Timeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		receipt, err := s.Send(t.Context(), message)
		judge(t, err, tt.class, nil)
		if tt.class == "" && receipt.ID != "m-1" {
			t.Errorf("%s: receipt %v", tt.group, receipt)
		}
	}
}

// Infobip refuses a second text of the same name.
func TestInfobipRefuses(t *testing.T) {
	t.Parallel()
	p := providers.StartInfobip(t)
	s, err := sms.NewInfobip(sms.InfobipOptions{APIKey: p.Key, From: "Acme", BaseURL: p.URL, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	long := message
	long.ID, long.Text = "fedcba9876543210", strings.Repeat("x", 4001)
	for _, tt := range []struct {
		m     sms.Message
		class sms.Class
	}{{message, ""}, {message, sms.Ambiguous}, {long, sms.Config}} {
		_, err := s.Send(t.Context(), tt.m)
		judge(t, err, tt.class, []string{p.Key})
	}
	if n := len(p.Texts()); n != 1 {
		t.Errorf("%d texts", n)
	}
}

func TestInfobipOptions(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*sms.InfobipOptions){
		"":         func(*sms.InfobipOptions) {},
		"api_key":  func(o *sms.InfobipOptions) { o.APIKey = "" },
		"from":     func(o *sms.InfobipOptions) { o.From = "" },
		"base_url": func(o *sms.InfobipOptions) { o.BaseURL = "" },
	} {
		o := sms.InfobipOptions{APIKey: "k", From: "Acme", BaseURL: "https://x.api.infobip.com"}
		spoil(&o)
		_, err := sms.NewInfobip(o)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want+":")) {
			t.Errorf("error %v does not name %q", err, want)
		}
	}
}
