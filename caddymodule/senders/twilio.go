package senders

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func init() { caddy.RegisterModule(new(Twilio)) }

// Twilio delivers texts through Twilio: our text by Programmable Messaging, or a code in a template of Twilio's by
// Verify. One of `from`, `messaging_service_sid` and `verify_service_sid` says which.
type Twilio struct {
	Options

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

	// Who makes the codes and checks them: `local`, the gate, or `remote`, Twilio Verify. Wrong codes and blocks are
	// counted by the gate either way. Default: `local`.
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
func (*Twilio) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Senders + ".twilio", New: func() caddy.Module { return new(Twilio) }}
}

// Provision resolves the credentials.
func (s *Twilio) Provision(caddy.Context) error {
	o := sms.TwilioOptions{Timeout: time.Duration(s.Timeout), Remote: s.CheckedBy == "remote"}
	if err := s.settings(&o).Resolve(); err != nil {
		return err
	}
	var err error
	s.Twilio, err = sms.NewTwilio(o)
	return err
}

func (s *Twilio) settings(o *sms.TwilioOptions) guest.Settings {
	return guest.Settings{
		guest.Expanded("account_sid", &s.AccountSID, &o.AccountSID),
		guest.Expanded("auth_token", &s.AuthToken, &o.AuthToken),
		guest.Expanded("api_key", &s.APIKey, &o.APIKey),
		guest.Expanded("api_secret", &s.APISecret, &o.APISecret),
		guest.Expanded("from", &s.From, &o.From),
		guest.Expanded("messaging_service_sid", &s.MessagingServiceSID, &o.MessagingServiceSID),
		guest.Expanded("verify_service_sid", &s.VerifyServiceSID, &o.VerifyServiceSID),
		guest.Expanded("report_url", &s.ReportURL, &o.ReportURL),
		guest.Expanded("base_url", &s.BaseURL, &o.BaseURL),
		guest.Expanded("verify_url", &s.VerifyURL, &o.VerifyURL),
	}
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
func (s *Twilio) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return s.read(d, "twilio", s.settings(new(sms.TwilioOptions)), checkOption(d, &s.CheckedBy))
}

var (
	_ guest.Sender      = (*Twilio)(nil)
	_ caddy.Provisioner = (*Twilio)(nil)
	_ sms.CodeLimiter   = (*Twilio)(nil)
	_ sms.Checker       = (*Twilio)(nil)
	_ sms.Confirmer     = (*Twilio)(nil)
	_ sms.Reporter      = (*Twilio)(nil)
)
