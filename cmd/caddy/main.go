// Command caddy is Caddy with the SMS second factor compiled in.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-sms-2fa/gateway/caddymodule"
)

func main() { caddycmd.Main() }
