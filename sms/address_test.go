package sms

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// nowhere is a transport that notes the address of a request and sends it to no server.
type nowhere struct{ address string }

func (n *nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	n.address = r.Method + " " + r.URL.String()
	return nil, errors.New("there is no network")
}

// Without the option base_url, each sender asks the public address of its provider.
func TestDefaultAddresses(t *testing.T) {
	t.Parallel()
	const template = "11111111-2222-4333-8444-555555555555"
	account, service := "AC"+strings.Repeat("1", 32), "VA"+strings.Repeat("3", 32)
	d, errDexatel := NewDexatel(DexatelOptions{APIKey: "k", From: "Acme"})
	filled, errTemplate := NewDexatel(DexatelOptions{APIKey: "k", From: "Acme", Template: template})
	w, errTwilio := NewTwilio(TwilioOptions{AccountSID: account, AuthToken: "t", From: "Acme"})
	verify, errVerify := NewTwilio(TwilioOptions{AccountSID: account, AuthToken: "t", VerifyServiceSID: service})
	v, errVonage := NewVonage(VonageOptions{APIKey: "k", APISecret: "s", From: "Acme"})
	a, errAWS := NewAWS(AWSOptions{Region: "eu-central-1", AccessKeyID: "k", SecretAccessKey: "s"})
	if err := errors.Join(errDexatel, errTemplate, errTwilio, errVerify, errVonage, errAWS); err != nil {
		t.Fatal(err)
	}
	m := Message{ID: "0123456789abcdef", To: phone.Number("+15005550006"), Code: "482913", Text: "x", TTL: time.Minute}
	for _, tt := range []struct {
		name   string
		sender Sender
		client *client
		want   string
	}{
		{"dexatel", d, d.account.client, "POST https://api.dexatel.com/v1/messages"},
		{"dexatel with a template", filled, filled.account.client, "POST https://api.dexatel.com/v1/verifications"},
		{"twilio", w, w.client, "POST https://api.twilio.com/2010-04-01/Accounts/" + account + "/Messages.json"},
		{"twilio verify", verify, verify.client, "POST https://verify.twilio.com/v2/Services/" + service +
			"/Verifications"},
		{"vonage", v, v.client, "POST https://rest.nexmo.com/sms/json"},
		{"aws", a, a.client, "POST https://sms-voice.eu-central-1.amazonaws.com/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			network := new(nowhere)
			tt.client.http.Transport = network
			if _, err := tt.sender.Send(t.Context(), m); err == nil || network.address != tt.want {
				t.Errorf("%s, want %s; %v", network.address, tt.want, err)
			}
		})
	}
}
