package app

import (
	"encoding/json"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
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

// UnmarshalCaddyfile reads the global option:
//
//	{
//		sms_2fa {
//			secret    <secret> [<older secret>...]
//			store     <name> ...
//			sender    <name> ...
//			max_in_flight <texts>
//			directory <name> ...
//			register  on|off
//			<any option of the directive but user>
//		}
//	}
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return guest.Block(d, func(string) error { return a.unmarshalOption(d) }, append(Repeatable, "sender")...)
}

func (a *App) unmarshalOption(d *caddyfile.Dispenser) (err error) {
	switch d.Val() {
	case "secret":
		if a.Secret = d.RemainingArgs(); len(a.Secret) == 0 {
			return d.Err("secret: expected one or more secrets, like {env.SMS_2FA_SECRET}")
		}
	case "store":
		a.StoreRaw, err = guest.Parse[guest.Store](d, guest.Stores)
	case "sender":
		var sender json.RawMessage
		sender, err = guest.Parse[guest.Sender](d, guest.Senders)
		a.SenderRaw = append(a.SenderRaw, sender)
	case "max_in_flight":
		return guest.Number(d, &a.MaxInFlight)
	case "directory":
		err = a.DirectoryRaw.ReadDirectory(d)
	case "register":
		return readOnOff(d, &a.Register)
	case "user":
		return d.Err("user: it belongs into the directive of a site")
	default:
		return a.Options.UnmarshalOption(d)
	}
	return err
}

// Repeatable are the options that may stand several times in a block.
var Repeatable = []string{"directory", "message", "test_number"}

// UnmarshalOption reads one option and judges it while its line is known.
func (o *Options) UnmarshalOption(d *caddyfile.Dispenser) error {
	if err := o.readOption(d); err != nil {
		return err
	}
	if err := o.Validate(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func (o *Options) readOption(d *caddyfile.Dispenser) error {
	if text, ok := o.texts()[d.Val()]; ok {
		return guest.Text(d, text)
	}
	if length, ok := o.durations()[d.Val()]; ok {
		return duration(d, length)
	}
	switch d.Val() {
	case "code_length":
		return guest.Number(d, &o.CodeLength)
	case "attempts":
		return guest.Number(d, &o.Attempts)
	case "challenge_status":
		return guest.Number(d, &o.ChallengeStatus)
	case "sends":
		return guest.Limits(d, &o.Sends)
	case "languages":
		if o.Languages = d.RemainingArgs(); len(o.Languages) == 0 {
			return d.Err("languages: expected one or more languages, like de en")
		}
		return nil
	case "message":
		return o.readMessage(d)
	case "test_number":
		return o.readTestNumber(d)
	}
	return d.Errf("%s: there is no such option", d.Val())
}

func (o *Options) texts() map[string]*string {
	return map[string]*string{
		"send": &o.Send, "bind": &o.Bind, "zone": &o.Zone, "cookie_domain": &o.CookieDomain, "brand": &o.Brand,
		"origin": &o.Origin, "template": &o.Template, "default_region": &o.DefaultRegion, "phone": &o.Phone,
		"resend_via": &o.ResendVia, "notify_change": &o.NotifyChange,
		"words": &o.Words, "restore": &o.Restore, "help": &o.Help, "contact": &o.Contact, "logo": &o.Logo,
		"show_user": &o.ShowUser,
	}
}

func (o *Options) durations() map[string]**caddy.Duration {
	return map[string]**caddy.Duration{
		"code_ttl": &o.CodeTTL, "block": &o.Block, "resend_after": &o.ResendAfter, "session": &o.Session,
		"trust": &o.Trust, "idle": &o.Idle, "max_age": &o.MaxAge, "stale_ok": &o.StaleOK, "send_wait": &o.SendWait,
	}
}

// duration reads a duration. Those that can be turned off take "off" as well.
func duration(d *caddyfile.Dispenser, into **caddy.Duration) error {
	read := guest.Duration
	if option := d.Val(); slices.Contains([]string{"trust", "idle", "max_age"}, option) {
		read = guest.DurationOrOff
	}
	*into = new(caddy.Duration)
	return read(d, *into)
}

var _ caddyfile.Unmarshaler = (*App)(nil)
