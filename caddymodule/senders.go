package caddymodule

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// DexatelSender delivers texts through Dexatel. Without a template it sends our text; with one, Dexatel fills our code into
// the template that it has approved.
type DexatelSender struct {
	// The API key of the account. Required.
	APIKey string `json:"api_key,omitempty"`

	// The approved sender: a name, a number or a short code. Required.
	From string `json:"from,omitempty"`

	// The ID of an approved template with `{code}` in it. Default: none, our own text is sent.
	Template string `json:"template,omitempty"`

	// Where the API is. Default: `https://api.dexatel.com`.
	BaseURL string `json:"base_url,omitempty"`

	// How long the provider may take to accept a text. Default: `10s`.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	*sms.Dexatel `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (*DexatelSender) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: senderNamespace + ".dexatel", New: func() caddy.Module { return new(DexatelSender) }}
}

// Provision resolves the credentials.
func (s *DexatelSender) Provision(caddy.Context) error {
	o := sms.DexatelOptions{Timeout: time.Duration(s.Timeout)}
	repl := caddy.NewReplacer()
	for _, f := range []struct {
		name, value string
		into        *string
	}{
		{"api_key", s.APIKey, &o.APIKey}, {"from", s.From, &o.From},
		{"template", s.Template, &o.Template}, {"base_url", s.BaseURL, &o.BaseURL},
	} {
		value, err := repl.ReplaceOrErr(f.value, true, true)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		*f.into = value
	}
	var err error
	s.Dexatel, err = sms.NewDexatel(o)
	return err
}

// UnmarshalCaddyfile reads
//
//	sender dexatel {
//		api_key  <key>
//		from     <sender>
//		template <id>
//		base_url <url>
//		timeout  <duration>
//	}
func (s *DexatelSender) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	texts := map[string]*string{"api_key": &s.APIKey, "from": &s.From, "template": &s.Template, "base_url": &s.BaseURL}
	return block(d, func(option string) error {
		if text, ok := texts[option]; ok {
			return oneText(d, text)
		}
		if option == "timeout" {
			return plainDuration(d, &s.Timeout)
		}
		return d.Errf("sender dexatel: there is no option %q", option)
	})
}

// LogSender prints texts, codes included, to the terminal instead of sending them. It is for development only.
type LogSender struct {
	log *sms.Log
}

// CaddyModule returns the Caddy module information.
func (*LogSender) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: senderNamespace + ".log", New: func() caddy.Module { return new(LogSender) }}
}

// Provision opens the terminal.
func (s *LogSender) Provision(caddy.Context) error {
	s.log = sms.NewLog(os.Stderr)
	return nil
}

// Name is "log".
func (s *LogSender) Name() string { return s.log.Name() }

// Send prints a text.
func (s *LogSender) Send(ctx context.Context, m sms.Message) (sms.Receipt, error) {
	return s.log.Send(ctx, m)
}

// StartupWarning is logged when Caddy starts.
func (*LogSender) StartupWarning() string {
	return "sender log prints codes to the terminal and sends nothing: for development only, anybody who reads the terminal gets in"
}

// UnmarshalCaddyfile reads
//
//	sender log
func (s *LogSender) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return block(d, func(option string) error { return d.Errf("sender log: there is no option %q", option) })
}

var (
	_ SenderModule      = (*DexatelSender)(nil)
	_ SenderModule      = (*LogSender)(nil)
	_ caddy.Provisioner = (*DexatelSender)(nil)
	_ caddy.Provisioner = (*LogSender)(nil)
)
