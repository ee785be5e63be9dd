// Package caddymodule is the Caddy plugin: the app sms_2fa that sites share, the directive sms_2fa that guards a route, and
// the guests that ship with them. It is the only package that imports Caddy; what a second factor is stands in package otp.
package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

func init() {
	caddy.RegisterModule(new(App))
	caddy.RegisterModule(new(Handler))
	caddy.RegisterModule(new(Reports))
	caddy.RegisterModule(new(EmbeddedStore))
	caddy.RegisterModule(new(RedisStore))
	caddy.RegisterModule(new(DexatelSender))
	caddy.RegisterModule(new(TwilioSender))
	caddy.RegisterModule(new(VonageSender))
	caddy.RegisterModule(new(InfobipSender))
	caddy.RegisterModule(new(AWSSender))
	caddy.RegisterModule(new(HTTPSender))
	caddy.RegisterModule(new(LogSender))
	caddy.RegisterModule(new(FileDirectory))
	caddy.RegisterModule(new(InlineDirectory))
	caddy.RegisterModule(new(Admin))
	httpcaddyfile.RegisterGlobalOption("sms_2fa", parseApp)
	httpcaddyfile.RegisterHandlerDirective("sms_2fa", parseHandler)
	httpcaddyfile.RegisterDirectiveOrder("sms_2fa", httpcaddyfile.After, "forward_auth")
	// Before the first factor: reports carry a signature, and no password.
	httpcaddyfile.RegisterHandlerDirective("sms_2fa_reports", parseReports)
	httpcaddyfile.RegisterDirectiveOrder("sms_2fa_reports", httpcaddyfile.Before, "basic_auth")
	caddycmd.RegisterCommand(command)
}
