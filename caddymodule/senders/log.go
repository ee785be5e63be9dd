package senders

import (
	"context"
	"os"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func init() { caddy.RegisterModule(new(Log)) }

// Log prints texts, codes included, to the terminal instead of sending them. It is for development only.
type Log struct {
	Options

	log *sms.Log
}

// CaddyModule returns the Caddy module information.
func (*Log) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Senders + ".log", New: func() caddy.Module { return new(Log) }}
}

// Provision opens the terminal.
func (s *Log) Provision(caddy.Context) error {
	s.log = sms.NewLog(os.Stderr)
	return nil
}

// Name is "log".
func (s *Log) Name() string { return s.log.Name() }

// Send prints a text.
func (s *Log) Send(ctx context.Context, m sms.Message) (sms.Receipt, error) {
	return s.log.Send(ctx, m)
}

// StartupWarning is logged when Caddy starts.
func (*Log) StartupWarning() string {
	return "sender log prints codes to the terminal and sends nothing: " +
		"for development only, anybody who reads the terminal gets in"
}

// UnmarshalCaddyfile reads
//
//	sender log
func (s *Log) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return s.read(d, "log", nil, nil)
}

var (
	_ guest.Sender      = (*Log)(nil)
	_ caddy.Provisioner = (*Log)(nil)
)
