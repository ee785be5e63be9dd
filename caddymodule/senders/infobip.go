package senders

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func init() { caddy.RegisterModule(new(Infobip)) }

// Infobip delivers texts through Infobip.
type Infobip struct {
	Options

	// The API key of the account. Required.
	APIKey string `json:"api_key,omitempty"`

	// The sender that texts come from. Required.
	From string `json:"from,omitempty"`

	// The account's own address, like `https://xxxxx.api.infobip.com`. Required.
	BaseURL string `json:"base_url,omitempty"`

	*sms.Infobip `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (*Infobip) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Senders + ".infobip", New: func() caddy.Module { return new(Infobip) }}
}

// Provision resolves the credentials.
func (s *Infobip) Provision(caddy.Context) error {
	o := sms.InfobipOptions{Timeout: time.Duration(s.Timeout)}
	if err := s.settings(&o).Resolve(); err != nil {
		return err
	}
	var err error
	s.Infobip, err = sms.NewInfobip(o)
	return err
}

func (s *Infobip) settings(o *sms.InfobipOptions) guest.Settings {
	return guest.Settings{
		guest.Expanded("api_key", &s.APIKey, &o.APIKey),
		guest.Expanded("from", &s.From, &o.From),
		guest.Expanded("base_url", &s.BaseURL, &o.BaseURL),
	}
}

// UnmarshalCaddyfile reads
//
//	sender infobip {
//		api_key  <key>
//		from     <sender>
//		base_url <url>
//		<options of every sender>
//	}
func (s *Infobip) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return s.read(d, "infobip", s.settings(new(sms.InfobipOptions)), nil)
}

var (
	_ guest.Sender      = (*Infobip)(nil)
	_ caddy.Provisioner = (*Infobip)(nil)
)
