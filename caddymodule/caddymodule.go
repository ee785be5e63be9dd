// Package caddymodule is the Caddy plugin: importing it brings the app sms_2fa, the directives sms_2fa and
// sms_2fa_reports, the guests that ship with them, and the operator's commands. It holds no code of its own; this is
// where to look for what:
//
//	gate/          the directive sms_2fa: what passes to the app, and what everybody else is answered
//	surroundings/  what stands around a gate in Caddy's routes
//	reports/       the directive sms_2fa_reports: what providers tell of the delivery of texts
//	operator/      the admin API and "caddy sms-2fa …"
//	app/           what all of these share: options, secret, store, senders, texts on their way
//	live/          requests that were let through, which end with their session
//	problem/       every way in which the gate says no
//	metrics/       what is counted
//	guest/         the contracts of stores, senders and directories, and how their options are read
//	stores/        the stores that ship with the gate, one file each
//	senders/       the senders that ship with the gate, one file each
//	directories/   the directories that ship with the gate, one file each
//
// These are the only packages that import Caddy. What a second factor is stands in package otp.
package caddymodule

import (
	_ "github.com/caddy-sms-2fa/gateway/caddymodule/app"
	_ "github.com/caddy-sms-2fa/gateway/caddymodule/directories"
	_ "github.com/caddy-sms-2fa/gateway/caddymodule/gate"
	_ "github.com/caddy-sms-2fa/gateway/caddymodule/operator"
	_ "github.com/caddy-sms-2fa/gateway/caddymodule/reports"
	_ "github.com/caddy-sms-2fa/gateway/caddymodule/senders"
	_ "github.com/caddy-sms-2fa/gateway/caddymodule/stores"
)
