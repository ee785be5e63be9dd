package senders

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func init() { caddy.RegisterModule(new(Dexatel)) }

// Dexatel delivers texts through Dexatel. Without a template it sends our text; with one, Dexatel fills our code into
// the template that it has approved.
type Dexatel struct {
	Options

	// The API key of the account. Required.
	APIKey string `json:"api_key,omitempty"`

	// The approved sender: a name, a number or a short code. Required.
	From string `json:"from,omitempty"`

	// The ID of an approved template with `{code}` in it. Default: none, our own text is sent.
	Template string `json:"template,omitempty"`

	// Who makes the codes and checks them: `local`, the gate, or `remote`, Dexatel, which needs a template. Wrong codes
	// and blocks are counted by the gate either way. Default: `local`.
	CheckedBy string `json:"check,omitempty"`

	// The secret of the webhook that Dexatel reports deliveries to, for `sms_2fa_reports`. Default: none.
	ReportSecret string `json:"report_secret,omitempty"`

	// Where the API is. Default: `https://api.dexatel.com`.
	BaseURL string `json:"base_url,omitempty"`

	*sms.Dexatel `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (*Dexatel) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Senders + ".dexatel", New: func() caddy.Module { return new(Dexatel) }}
}

// Provision resolves the credentials.
func (s *Dexatel) Provision(caddy.Context) error {
	o := sms.DexatelOptions{Timeout: time.Duration(s.Timeout), Remote: s.CheckedBy == "remote"}
	if err := s.settings(&o).Resolve(); err != nil {
		return err
	}
	var err error
	s.Dexatel, err = sms.NewDexatel(o)
	return err
}

func (s *Dexatel) settings(o *sms.DexatelOptions) guest.Settings {
	return guest.Settings{
		guest.Expanded("api_key", &s.APIKey, &o.APIKey),
		guest.Expanded("from", &s.From, &o.From),
		guest.Expanded("template", &s.Template, &o.Template),
		guest.Expanded("report_secret", &s.ReportSecret, &o.ReportSecret),
		guest.Expanded("base_url", &s.BaseURL, &o.BaseURL),
	}
}

// UnmarshalCaddyfile reads
//
//	sender dexatel {
//		api_key       <key>
//		from          <sender>
//		template      <id>
//		check         local|remote
//		report_secret <secret>
//		base_url      <url>
//		<options of every sender>
//	}
func (s *Dexatel) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return s.read(d, "dexatel", s.settings(new(sms.DexatelOptions)), checkOption(d, &s.CheckedBy))
}

var (
	_ guest.Sender      = (*Dexatel)(nil)
	_ caddy.Provisioner = (*Dexatel)(nil)
	_ sms.CodeLimiter   = (*Dexatel)(nil)
	_ sms.Checker       = (*Dexatel)(nil)
	_ sms.Reporter      = (*Dexatel)(nil)
)
