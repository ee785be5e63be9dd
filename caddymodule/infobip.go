package caddymodule

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// InfobipSender delivers texts through Infobip.
type InfobipSender struct {
	SenderOptions

	// The API key of the account. Required.
	APIKey string `json:"api_key,omitempty"`

	// The sender that texts come from. Required.
	From string `json:"from,omitempty"`

	// The account's own address, like `https://xxxxx.api.infobip.com`. Required.
	BaseURL string `json:"base_url,omitempty"`

	*sms.Infobip `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (*InfobipSender) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: senderNamespace + ".infobip", New: func() caddy.Module { return new(InfobipSender) }}
}

// Provision resolves the credentials.
func (s *InfobipSender) Provision(caddy.Context) error {
	o := sms.InfobipOptions{Timeout: time.Duration(s.Timeout)}
	err := resolve(setting{"api_key", s.APIKey, &o.APIKey}, setting{"from", s.From, &o.From}, setting{"base_url", s.BaseURL, &o.BaseURL})
	if err != nil {
		return err
	}
	s.Infobip, err = sms.NewInfobip(o)
	return err
}

// UnmarshalCaddyfile reads
//
//	sender infobip {
//		api_key  <key>
//		from     <sender>
//		base_url <url>
//		<options of every sender>
//	}
func (s *InfobipSender) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	texts := map[string]*string{"api_key": &s.APIKey, "from": &s.From, "base_url": &s.BaseURL}
	return senderBlock(d, "infobip", &s.SenderOptions, texts, nil)
}

var (
	_ SenderModule      = (*InfobipSender)(nil)
	_ caddy.Provisioner = (*InfobipSender)(nil)
)
