// Package gateway is an SMS second factor for Caddy. It only imports package caddymodule, so that
//
//	xcaddy build --with github.com/caddy-sms-2fa/gateway
//
// works as well as naming that package.
package gateway

import _ "github.com/caddy-sms-2fa/gateway/caddymodule"
