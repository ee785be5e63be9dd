package gate

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
)

func parseHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	h.Next()
	place := fmt.Sprintf("at %s:%d", h.File(), h.Line())
	h.Reset()
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	return handler, handler.compare(h, place)
}

// written is the key under which the gates that were read are known while a Caddyfile is adapted.
const written = "sms_2fa.gates"

// compare makes sure that a gate goes together with those that stand before it in the file. It is done again when the
// configuration is loaded, when all of it is known but the lines.
func (h *Handler) compare(helper httpcaddyfile.Helper, place string) error {
	global, err := globalOptions(helper)
	if err != nil {
		return err
	}
	gate, err := h.written(global, place)
	if err != nil {
		return helper.WrapErr(err)
	}
	others, _ := helper.State[written].([]app.Gate)
	if err := gate.Fits(others); err != nil {
		return helper.WrapErr(err)
	}
	helper.State[written] = append(others, gate)
	return nil
}

// globalOptions is the app as the global options describe it.
func globalOptions(helper httpcaddyfile.Helper) (*app.App, error) {
	global := new(app.App)
	configured, ok := helper.Option(moduleName).(httpcaddyfile.App)
	if !ok {
		return global, nil
	}
	return global, json.Unmarshal(configured.Value, global)
}

// written is what the app would get to know of the gate.
func (h *Handler) written(global *app.App, place string) (app.Gate, error) {
	o := h.Options.Or(global.Options).Or(app.Defaults())
	policy, err := o.Policy()
	if err != nil {
		return app.Gate{}, err
	}
	if err := o.Agree(); err != nil {
		return app.Gate{}, err
	}
	directories := h.DirectoryRaw
	if directories == nil {
		directories = global.DirectoryRaw
	}
	return app.Gate{
		Zone: o.Zone, Place: place,
		Basis:  app.NewBasis(cmp.Or(h.User, defaultUser), directories, o, policy),
		Cookie: app.CookieReach{Domain: o.SharedDomain(), Bind: o.BoundTo()},
	}, nil
}

// UnmarshalCaddyfile reads the directive:
//
//	sms_2fa [<matcher>] {
//		user             <placeholder>
//		directory        <name> ...
//		phone            <placeholder>
//		default_region   <country>
//		code_length      <digits>
//		code_ttl         <duration>
//		attempts         <number>
//		block            <duration>
//		resend_after     <duration>
//		sends            <number> per <duration>[, <number> per <duration>...]
//		session          <duration>
//		trust            <duration>|off
//		idle             <duration>|off
//		max_age          <duration>|off
//		send             auto|button
//		bind             <placeholder>|off
//		zone             <name>
//		cookie_domain    <domain>|off
//		brand            <name>
//		message          [<language>] <text>
//		resend_via       same|next
//		test_number      <number> code <code> until <date>
//		origin           <host>
//		template         <file>
//		languages        <language>...
//		words            <file>
//		restore          <size>|off
//		help             <text or address>
//		contact          <text or address>
//		logo             <file>
//		show_user        on|off
//		challenge_status <status>
//		stale_ok         <duration>
//		send_wait        <duration>
//	}
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return guest.Block(d, func(string) error { return h.unmarshalOption(d) }, app.Repeatable...)
}

func (h *Handler) unmarshalOption(d *caddyfile.Dispenser) (err error) {
	switch d.Val() {
	case "user":
		if err := guest.Text(d, &h.User); err != nil {
			return err
		}
		if _, err := newIdentity(h.User, ""); err != nil {
			return d.WrapErr(err)
		}
	case "directory":
		err = h.DirectoryRaw.ReadDirectory(d)
	case "secret", "store", "sender", "max_in_flight", "register":
		return d.Errf("%s: it belongs into the global options, in a block sms_2fa at the top of the file", d.Val())
	default:
		return h.Options.UnmarshalOption(d)
	}
	return err
}

var _ caddyfile.Unmarshaler = (*Handler)(nil)
