package senders

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func init() { caddy.RegisterModule(new(Vonage)) }

// Vonage delivers texts through Vonage's SMS API.
type Vonage struct {
	Options

	// The key and the secret of the account. Required.
	APIKey    string `json:"api_key,omitempty"`
	APISecret string `json:"api_secret,omitempty"`

	// The number or name that texts come from. Required.
	From string `json:"from,omitempty"`

	// The address of `sms_2fa_reports` as Vonage sees it. Default: what the account's settings say.
	ReportURL string `json:"report_url,omitempty"`

	// The account's signature secret, for `sms_2fa_reports`. Default: none.
	SignatureSecret string `json:"signature_secret,omitempty"`

	// How the account signs: `md5hash`, `md5`, `sha1`, `sha256` or `sha512`. Default: `sha256`.
	SignatureMethod string `json:"signature_method,omitempty"`

	// Where the API is. Default: `https://rest.nexmo.com`.
	BaseURL string `json:"base_url,omitempty"`

	*sms.Vonage `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (*Vonage) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Senders + ".vonage", New: func() caddy.Module { return new(Vonage) }}
}

// Provision resolves the credentials.
func (s *Vonage) Provision(caddy.Context) error {
	o := sms.VonageOptions{Timeout: time.Duration(s.Timeout), SignatureMethod: s.SignatureMethod}
	if err := s.settings(&o).Resolve(); err != nil {
		return err
	}
	var err error
	s.Vonage, err = sms.NewVonage(o)
	return err
}

func (s *Vonage) settings(o *sms.VonageOptions) guest.Settings {
	return guest.Settings{
		guest.Expanded("api_key", &s.APIKey, &o.APIKey),
		guest.Expanded("api_secret", &s.APISecret, &o.APISecret),
		guest.Expanded("from", &s.From, &o.From),
		guest.Expanded("report_url", &s.ReportURL, &o.ReportURL),
		guest.Expanded("signature_secret", &s.SignatureSecret, &o.SignatureSecret),
		guest.Literal("signature_method", &s.SignatureMethod),
		guest.Expanded("base_url", &s.BaseURL, &o.BaseURL),
	}
}

// UnmarshalCaddyfile reads
//
//	sender vonage {
//		api_key          <key>
//		api_secret       <secret>
//		from             <number>
//		report_url       <url>
//		signature_secret <secret>
//		signature_method md5hash|md5|sha1|sha256|sha512
//		base_url         <url>
//		<options of every sender>
//	}
func (s *Vonage) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return s.read(d, "vonage", s.settings(new(sms.VonageOptions)), nil)
}

var (
	_ guest.Sender      = (*Vonage)(nil)
	_ caddy.Provisioner = (*Vonage)(nil)
	_ sms.Reporter      = (*Vonage)(nil)
)
