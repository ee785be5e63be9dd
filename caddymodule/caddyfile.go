package caddymodule

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func parseApp(d *caddyfile.Dispenser, existing any) (any, error) {
	if existing != nil {
		return nil, d.Err("sms_2fa: the global option stands twice; write all of it in one block")
	}
	app := new(App)
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "sms_2fa", Value: caddyconfig.JSON(app, nil)}, nil
}

func parseHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	return handler, handler.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile reads the global option:
//
//	{
//		sms_2fa {
//			secret    <secret> [<older secret>...]
//			store     <name> ...
//			sender    <name> ...
//			max_in_flight <texts>
//			directory <name> ...
//			<any option of the directive but user>
//		}
//	}
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return block(d, func(string) error { return a.unmarshalOption(d) }, append(repeatable, "sender")...)
}

func (a *App) unmarshalOption(d *caddyfile.Dispenser) (err error) {
	switch d.Val() {
	case "secret":
		if a.Secret = d.RemainingArgs(); len(a.Secret) == 0 {
			return d.Err("secret: expected one or more secrets, like {env.SMS_2FA_SECRET}")
		}
	case "store":
		a.StoreRaw, err = parseGuest[StoreModule](d, storeNamespace)
	case "sender":
		var sender json.RawMessage
		sender, err = parseGuest[SenderModule](d, senderNamespace)
		a.SenderRaw = append(a.SenderRaw, sender)
	case "max_in_flight":
		return oneNumber(d, &a.MaxInFlight)
	case "directory":
		a.DirectoryRaw, err = parseGuest[DirectoryModule](d, directoryNamespace)
	case "user":
		return d.Err("user: it belongs into the directive of a site")
	default:
		return a.Options.unmarshalOption(d)
	}
	return err
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
	return block(d, func(string) error { return h.unmarshalOption(d) }, repeatable...)
}

// repeatable are the options of both blocks that may stand several times.
var repeatable = []string{"message", "test_number"}

func (h *Handler) unmarshalOption(d *caddyfile.Dispenser) (err error) {
	switch d.Val() {
	case "user":
		if err := oneText(d, &h.User); err != nil {
			return err
		}
		if _, err := newIdentity(h.User, ""); err != nil {
			return d.WrapErr(err)
		}
	case "directory":
		h.DirectoryRaw, err = parseGuest[DirectoryModule](d, directoryNamespace)
	case "secret", "store", "sender", "max_in_flight":
		return d.Errf("%s: it belongs into the global options, in a block sms_2fa at the top of the file", d.Val())
	default:
		return h.Options.unmarshalOption(d)
	}
	return err
}

// once refuses an option that stands twice in one block.
func once(d *caddyfile.Dispenser, seen map[string]bool) error {
	if seen[d.Val()] {
		return d.Errf("%s: already specified", d.Val())
	}
	seen[d.Val()] = true
	return nil
}

// unmarshalOption reads one option and judges it while its line is known.
func (o *Options) unmarshalOption(d *caddyfile.Dispenser) error {
	if err := o.readOption(d); err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func (o *Options) readOption(d *caddyfile.Dispenser) error {
	if text, ok := o.texts()[d.Val()]; ok {
		return oneText(d, text)
	}
	if length, ok := o.durations()[d.Val()]; ok {
		return oneDuration(d, length)
	}
	switch d.Val() {
	case "code_length":
		return oneNumber(d, &o.CodeLength)
	case "attempts":
		return oneNumber(d, &o.Attempts)
	case "challenge_status":
		return oneNumber(d, &o.ChallengeStatus)
	case "sends":
		return limits(d, &o.Sends)
	case "message":
		return o.readMessage(d)
	case "test_number":
		return o.readTestNumber(d)
	}
	return d.Errf("%s: there is no such option", d.Val())
}

func (o *Options) texts() map[string]*string {
	return map[string]*string{
		"send": &o.Send, "bind": &o.Bind, "zone": &o.Zone, "cookie_domain": &o.CookieDomain, "brand": &o.Brand, "origin": &o.Origin,
		"template": &o.Template, "default_region": &o.DefaultRegion, "phone": &o.Phone, "resend_via": &o.ResendVia,
	}
}

func (o *Options) durations() map[string]**caddy.Duration {
	return map[string]**caddy.Duration{
		"code_ttl": &o.CodeTTL, "block": &o.Block, "resend_after": &o.ResendAfter, "session": &o.Session, "idle": &o.Idle,
		"max_age": &o.MaxAge, "stale_ok": &o.StaleOK, "send_wait": &o.SendWait,
	}
}

func oneText(d *caddyfile.Dispenser, into *string) error {
	option := d.Val()
	if !d.AllArgs(into) {
		return d.Errf("%s: expected one value, quoted if it has spaces", option)
	}
	if *into == "" {
		return d.Errf("%s: the value is empty", option)
	}
	return nil
}

func oneNumber(d *caddyfile.Dispenser, into *int) error {
	var text string
	option := d.Val()
	if err := oneText(d, &text); err != nil {
		return err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return d.Errf("%s: %q is not a whole number above 0", option, text)
	}
	*into = n
	return nil
}

func oneDuration(d *caddyfile.Dispenser, into **caddy.Duration) error {
	var text string
	option := d.Val()
	if err := oneText(d, &text); err != nil {
		return err
	}
	var length caddy.Duration
	if text != "off" || option != "idle" && option != "max_age" {
		parsed, err := caddy.ParseDuration(text)
		if err != nil {
			return d.Errf("%s: %q is not a duration like 90s, 12h or 30d", option, text)
		}
		length = caddy.Duration(parsed)
	}
	*into = &length
	return nil
}

// limits reads "5 per 10m, 10 per 24h".
func limits(d *caddyfile.Dispenser, into *[]string) error {
	all := strings.Join(d.RemainingArgs(), " ")
	for l := range strings.SplitSeq(all, ",") {
		*into = append(*into, strings.Join(strings.Fields(l), " "))
	}
	if _, err := parseSends(*into); err != nil {
		return d.Errf("%v; separate several with commas", err)
	}
	return nil
}

var (
	_ caddyfile.Unmarshaler = (*App)(nil)
	_ caddyfile.Unmarshaler = (*Handler)(nil)
)
