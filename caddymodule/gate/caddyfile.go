package gate

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
)

func parseHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	return handler, handler.UnmarshalCaddyfile(h.Dispenser)
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
		h.DirectoryRaw, err = guest.Parse[guest.Directory](d, guest.Directories)
	case "secret", "store", "sender", "max_in_flight":
		return d.Errf("%s: it belongs into the global options, in a block sms_2fa at the top of the file", d.Val())
	default:
		return h.Options.UnmarshalOption(d)
	}
	return err
}

var _ caddyfile.Unmarshaler = (*Handler)(nil)
