package app

import (
	"log/slog"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
)

// lastingLog is the log of what outlives a configuration: it writes to Caddy's default log as it is at that moment.
func lastingLog() slog.Handler { return zapslog.NewHandler(caddy.Log().Named("sms_2fa").Core()) }

// ClientIP is Caddy's word for who is at the other end of a request, as a field of a log line.
func ClientIP(r *http.Request) zap.Field {
	ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return zap.String("client_ip", ip)
}
