package caddymodule

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// DexatelSender delivers texts through Dexatel. Without a template it sends our text; with one, Dexatel fills our code into
// the template that it has approved.
type DexatelSender struct {
	SenderOptions

	// The API key of the account. Required.
	APIKey string `json:"api_key,omitempty"`

	// The approved sender: a name, a number or a short code. Required.
	From string `json:"from,omitempty"`

	// The ID of an approved template with `{code}` in it. Default: none, our own text is sent.
	Template string `json:"template,omitempty"`

	// Who makes the codes and checks them: `local`, the gate, or `remote`, Dexatel, which needs a template. Wrong codes and
	// blocks are counted by the gate either way. Default: `local`.
	CheckedBy string `json:"check,omitempty"`

	// The secret of the webhook that Dexatel reports deliveries to, for `sms_2fa_reports`. Default: none.
	ReportSecret string `json:"report_secret,omitempty"`

	// Where the API is. Default: `https://api.dexatel.com`.
	BaseURL string `json:"base_url,omitempty"`

	*sms.Dexatel `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (*DexatelSender) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: senderNamespace + ".dexatel", New: func() caddy.Module { return new(DexatelSender) }}
}

// Provision resolves the credentials.
func (s *DexatelSender) Provision(caddy.Context) error {
	o := sms.DexatelOptions{Timeout: time.Duration(s.Timeout), Remote: s.CheckedBy == "remote"}
	err := resolve(
		setting{"api_key", s.APIKey, &o.APIKey}, setting{"from", s.From, &o.From}, setting{"template", s.Template, &o.Template},
		setting{"report_secret", s.ReportSecret, &o.ReportSecret}, setting{"base_url", s.BaseURL, &o.BaseURL},
	)
	if err != nil {
		return err
	}
	s.Dexatel, err = sms.NewDexatel(o)
	return err
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
func (s *DexatelSender) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	texts := map[string]*string{
		"api_key": &s.APIKey, "from": &s.From, "template": &s.Template, "report_secret": &s.ReportSecret, "base_url": &s.BaseURL,
	}
	return senderBlock(d, "dexatel", &s.SenderOptions, texts, checkOption(d, &s.CheckedBy))
}

var (
	_ SenderModule      = (*DexatelSender)(nil)
	_ caddy.Provisioner = (*DexatelSender)(nil)
	_ sms.CodeLimiter   = (*DexatelSender)(nil)
	_ sms.Checker       = (*DexatelSender)(nil)
	_ sms.Reporter      = (*DexatelSender)(nil)
)
