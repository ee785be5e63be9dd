package app

import (
	"log/slog"
	"math"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
)

// lastingLog is the log of what outlives a configuration: it writes to Caddy's default log as it is at that moment. An
// error is a fault of the store or of a provider; where in this program it was noticed helps nobody, so no line has a
// stack trace.
func lastingLog() slog.Handler {
	core := caddy.Log().Named("sms_2fa").Core()
	return zapslog.NewHandler(core, zapslog.WithName("sms_2fa"), zapslog.AddStacktraceAt(math.MaxInt))
}

// ClientIP is Caddy's word for who is at the other end of a request, as a field of a log line.
func ClientIP(r *http.Request) zap.Field {
	ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return zap.String("client_ip", ip)
}
