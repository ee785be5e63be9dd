package caddymodule

import (
	"log/slog"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap/exp/zapslog"
)

// caddySlog is a handler for what outlives a configuration: it writes to Caddy's default log as it is at that moment.
func caddySlog() slog.Handler { return zapslog.NewHandler(caddy.Log().Named("sms_2fa").Core()) }
