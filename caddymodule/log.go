package caddymodule

import (
	"context"
	"os"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// LogSender prints texts, codes included, to the terminal instead of sending them. It is for development only.
type LogSender struct {
	SenderOptions

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
	return senderBlock(d, "log", &s.SenderOptions, nil, nil)
}

var (
	_ SenderModule      = (*LogSender)(nil)
	_ caddy.Provisioner = (*LogSender)(nil)
)
