package caddymodule

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// TwilioSender delivers texts through Twilio: our text by Programmable Messaging, or a code in a template of Twilio's by
// Verify. One of `from`, `messaging_service_sid` and `verify_service_sid` says which.
type TwilioSender struct {
	SenderOptions

	// The account, `AC…`. Required.
	AccountSID string `json:"account_sid,omitempty"`

	// The account's auth token. Required without an API key, and for `sms_2fa_reports`.
	AuthToken string `json:"auth_token,omitempty"`

	// An API key, `SK…`, and its secret, to send with in the place of the auth token.
	APIKey    string `json:"api_key,omitempty"`
	APISecret string `json:"api_secret,omitempty"`

	// The number or name that texts come from.
	From string `json:"from,omitempty"`

	// A messaging service, `MG…`, that chooses the number.
	MessagingServiceSID string `json:"messaging_service_sid,omitempty"`

	// A service of Twilio Verify, `VA…`, with custom codes enabled unless `check` is `remote`.
	VerifyServiceSID string `json:"verify_service_sid,omitempty"`

	// Who makes the codes and checks them: `local`, the gate, or `remote`, Twilio Verify. Wrong codes and blocks are counted
	// by the gate either way. Default: `local`.
	CheckedBy string `json:"check,omitempty"`

	// The address of `sms_2fa_reports` as Twilio sees it, like `https://app.example.com/sms/reports`. It goes with every
	// text, and its signatures are verified for it. Default: none, Twilio does not report.
	ReportURL string `json:"report_url,omitempty"`

	// Where the APIs are, for services that are compatible with Twilio. Default: `https://api.twilio.com` and
	// `https://verify.twilio.com`.
	BaseURL   string `json:"base_url,omitempty"`
	VerifyURL string `json:"verify_url,omitempty"`

	*sms.Twilio `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (*TwilioSender) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: senderNamespace + ".twilio", New: func() caddy.Module { return new(TwilioSender) }}
}

// Provision resolves the credentials.
func (s *TwilioSender) Provision(caddy.Context) error {
	o := sms.TwilioOptions{Timeout: time.Duration(s.Timeout), Remote: s.CheckedBy == "remote"}
	err := resolve(
		setting{"account_sid", s.AccountSID, &o.AccountSID}, setting{"auth_token", s.AuthToken, &o.AuthToken},
		setting{"api_key", s.APIKey, &o.APIKey}, setting{"api_secret", s.APISecret, &o.APISecret},
		setting{"from", s.From, &o.From}, setting{"messaging_service_sid", s.MessagingServiceSID, &o.MessagingServiceSID},
		setting{"verify_service_sid", s.VerifyServiceSID, &o.VerifyServiceSID}, setting{"report_url", s.ReportURL, &o.ReportURL},
		setting{"base_url", s.BaseURL, &o.BaseURL}, setting{"verify_url", s.VerifyURL, &o.VerifyURL},
	)
	if err != nil {
		return err
	}
	s.Twilio, err = sms.NewTwilio(o)
	return err
}

// UnmarshalCaddyfile reads
//
//	sender twilio {
//		account_sid           <sid>
//		auth_token            <token>
//		api_key               <sid>
//		api_secret            <secret>
//		from                  <number>
//		messaging_service_sid <sid>
//		verify_service_sid    <sid>
//		check                 local|remote
//		report_url            <url>
//		base_url              <url>
//		verify_url            <url>
//		<options of every sender>
//	}
func (s *TwilioSender) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return senderBlock(d, "twilio", &s.SenderOptions, map[string]*string{
		"account_sid": &s.AccountSID, "auth_token": &s.AuthToken, "api_key": &s.APIKey, "api_secret": &s.APISecret, "from": &s.From,
		"messaging_service_sid": &s.MessagingServiceSID, "verify_service_sid": &s.VerifyServiceSID, "report_url": &s.ReportURL,
		"base_url": &s.BaseURL, "verify_url": &s.VerifyURL,
	}, checkOption(d, &s.CheckedBy))
}

var (
	_ SenderModule      = (*TwilioSender)(nil)
	_ caddy.Provisioner = (*TwilioSender)(nil)
	_ sms.CodeLimiter   = (*TwilioSender)(nil)
	_ sms.Checker       = (*TwilioSender)(nil)
	_ sms.Confirmer     = (*TwilioSender)(nil)
	_ sms.Reporter      = (*TwilioSender)(nil)
)
