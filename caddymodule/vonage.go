package caddymodule

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// VonageSender delivers texts through Vonage's SMS API.
type VonageSender struct {
	SenderOptions

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
func (*VonageSender) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: senderNamespace + ".vonage", New: func() caddy.Module { return new(VonageSender) }}
}

// Provision resolves the credentials.
func (s *VonageSender) Provision(caddy.Context) error {
	o := sms.VonageOptions{Timeout: time.Duration(s.Timeout), SignatureMethod: s.SignatureMethod}
	err := resolve(
		setting{"api_key", s.APIKey, &o.APIKey}, setting{"api_secret", s.APISecret, &o.APISecret}, setting{"from", s.From, &o.From},
		setting{"report_url", s.ReportURL, &o.ReportURL}, setting{"signature_secret", s.SignatureSecret, &o.SignatureSecret},
		setting{"base_url", s.BaseURL, &o.BaseURL},
	)
	if err != nil {
		return err
	}
	s.Vonage, err = sms.NewVonage(o)
	return err
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
func (s *VonageSender) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return senderBlock(d, "vonage", &s.SenderOptions, map[string]*string{
		"api_key": &s.APIKey, "api_secret": &s.APISecret, "from": &s.From, "report_url": &s.ReportURL,
		"signature_secret": &s.SignatureSecret, "signature_method": &s.SignatureMethod, "base_url": &s.BaseURL,
	}, nil)
}

var (
	_ SenderModule      = (*VonageSender)(nil)
	_ caddy.Provisioner = (*VonageSender)(nil)
	_ sms.Reporter      = (*VonageSender)(nil)
)
