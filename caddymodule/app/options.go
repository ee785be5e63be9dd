package app

import (
	"cmp"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/otp"
)

// Bounds and defaults of the options that are not the domain's.
const (
	MaxSession  = 90 * 24 * time.Hour // the longest verification that can be configured
	DefaultZone = "default"

	defaultSession  = 12 * time.Hour
	defaultStaleOK  = 10 * time.Minute
	defaultSendWait = 2 * time.Second
	defaultStatus   = 403
)

// Options can be given globally, for every site, and again in a directive, where they win. All of them are optional.
// Durations take Caddy's syntax: `90s`, `12h`, `30d`.
type Options struct {
	// How many decimal digits a code has, 6 to 10. Default: `6`.
	CodeLength int `json:"code_length,omitempty"`

	// How long a code holds, at most `10m`. Default: `5m`.
	CodeTTL *caddy.Duration `json:"code_ttl,omitempty"`

	// How many wrong codes lead to a block, 1 to 10. They are counted for the account, whatever the browser, the address
	// or the code. Default: `3`.
	Attempts int `json:"attempts,omitempty"`

	// How long the first block lasts. Each further one lasts twice as long, up to 24 hours; a right code starts anew.
	// After 100 wrong codes in a row the account gets no text until an operator unlocks it. Default: `15m`.
	Block *caddy.Duration `json:"block,omitempty"`

	// The least time between two texts of one account that ask for the same thing. A text that could not be sent does
	// not count, and after a right code or a sign-out the next challenge texts at once, within `sends`. Default: `60s`.
	ResendAfter *caddy.Duration `json:"resend_after,omitempty"`

	// How many texts an account, and again a phone number, may get: a list like `5 per 10m`. Default: `5 per 10m` and
	// `10 per 24h`.
	Sends []string `json:"sends,omitempty"`

	// How long a verification lasts, at most `90d`. Default: `12h`.
	Session *caddy.Duration `json:"session,omitempty"`

	// How long a verification lasts where the visitor ticks "Do not ask again on this device": longer than `session`, at
	// most `90d`. Such a verification does not end by `idle`. Default: off, and the page does not offer it.
	Trust *caddy.Duration `json:"trust,omitempty"`

	// Ends a verification earlier, when it has not been used for so long. Default: off.
	Idle *caddy.Duration `json:"idle,omitempty"`

	// Asks for a new code when the verification is older than this (step-up). Default: off.
	MaxAge *caddy.Duration `json:"max_age,omitempty"`

	// When the first text is sent: `auto`, when the visitor first comes to the page, or `button`, when a button is
	// pressed. Default: `auto`.
	Send string `json:"send,omitempty"`

	// A placeholder that names the session of the first factor in front of the gate, like
	// `{http.request.cookie.authelia_session}`. A verification holds only while its value stays the same, and nobody
	// passes without a value: the cookie of an app behind the gate locks everybody out. Default: off.
	Bind string `json:"bind,omitempty"`

	// Routes of one zone share verifications, counters and blocks; routes of different zones share nothing. Letters,
	// digits, `_` and `-`. Default: `default`.
	Zone string `json:"zone,omitempty"`

	// A domain whose subdomains share the verification, like `example.com`. Default: off, the cookie belongs to one
	// host.
	CookieDomain string `json:"cookie_domain,omitempty"`

	// The site's name on the page and in the text. Default: the host.
	Brand string `json:"brand,omitempty"`

	// The text, with the variables `{code}`, `{brand}`, `{minutes}` and `{host}`; or several, by language (BCP 47), of
	// which the visitor's browser chooses. The one without a language, under the key "", is taken for English, and is
	// for everybody else. A last line that binds the code to the site is always added. Default: `{brand}: your code is
	// {code}. It is valid for {minutes} min. Do not share it with anyone.`, in all languages of the page.
	Message Messages `json:"message,omitempty"`

	// Which sender takes a text that is asked for after one that was reported as not delivered, or that may not have
	// been accepted: `same`, or `next`, the one behind it. Default: `same`.
	ResendVia string `json:"resend_via,omitempty"`

	// Whether the number that a visitor has replaced by another one is told so by a text, where it is a mobile number:
	// `on` or `off`. Default: `on`.
	NotifyChange string `json:"notify_change,omitempty"`

	// Numbers that get no text and have a fixed code, for tests and app reviews.
	TestNumbers []TestNumber `json:"test_number,omitempty"`

	// The host in the last line of the text, like `app.example.com`. Required where a site answers to any host name.
	// Default: the host that was asked for.
	Origin string `json:"origin,omitempty"`

	// The file of a page of your own (Go html/template). Default: the built-in page.
	Template string `json:"template,omitempty"`

	// The languages of the page and of the text (BCP 47), like `de` and `en`, of which each visitor gets the one that
	// the browser asks for; the first one is for everybody else. Default: all that are built in, `en` first.
	Languages []string `json:"languages,omitempty"`

	// A file with words of your own in the place of single ones of the page: a JSON object by language, of objects by
	// key. Default: none.
	Words string `json:"words,omitempty"`

	// How much of a form is kept that a visitor sends when the session has ended, and that is sent after the code: a
	// size like `1MB`, at most `10MB`, or `off`. Default: `1MB`.
	Restore string `json:"restore,omitempty"`

	// Where a visitor finds help: the address of a page (`https:`), or a text, which every page shows. Default: none.
	Help string `json:"help,omitempty"`

	// How a visitor reaches whoever runs the site: an address (`https:`, `mailto:`, `tel:`), or a text, like a phone
	// number and office hours. Default: none.
	Contact string `json:"contact,omitempty"`

	// The file of a picture above the site's name: PNG, JPEG, GIF, WebP or SVG, at most 50 kB. It becomes part of the
	// page. Default: none.
	Logo string `json:"logo,omitempty"`

	// Whether the page names who has passed the first factor, and offers to sign out: `on` or `off`. Default: `off`.
	ShowUser string `json:"show_user,omitempty"`

	// The HTTP status of the challenge. Default: `403`, with which browsers keep the password of the first factor.
	ChallengeStatus int `json:"challenge_status,omitempty"`

	// How long verified visitors go on when the store does not answer. Default: `10m`.
	StaleOK *caddy.Duration `json:"stale_ok,omitempty"`

	// How long the page waits for the provider before it says that the text is on its way. Default: `2s`.
	SendWait *caddy.Duration `json:"send_wait,omitempty"`

	// The country of numbers that are written without one, like `DE` (ISO 3166-1). They must be written as they are
	// dialled there, and what has two readings is refused. Default: none, numbers start with `+`.
	DefaultRegion string `json:"default_region,omitempty"`

	// A placeholder that holds the visitor's phone number, when the first factor brings it, like
	// `{http.reverse_proxy.header.Remote-Phone}`. Where it is empty, the directory is asked. Default: off.
	Phone string `json:"phone,omitempty"`
}

// Or fills what o leaves open from g: the options of a site from the global ones, and these from the defaults.
func (o Options) Or(g Options) Options {
	o.CodeLength = cmp.Or(o.CodeLength, g.CodeLength)
	o.CodeTTL = cmp.Or(o.CodeTTL, g.CodeTTL)
	o.Attempts = cmp.Or(o.Attempts, g.Attempts)
	o.Block = cmp.Or(o.Block, g.Block)
	o.ResendAfter = cmp.Or(o.ResendAfter, g.ResendAfter)
	if o.Sends == nil {
		o.Sends = g.Sends
	}
	o.Session = cmp.Or(o.Session, g.Session)
	o.Trust = cmp.Or(o.Trust, g.Trust)
	o.Idle = cmp.Or(o.Idle, g.Idle)
	o.MaxAge = cmp.Or(o.MaxAge, g.MaxAge)
	o.Send = cmp.Or(o.Send, g.Send)
	o.Bind = cmp.Or(o.Bind, g.Bind)
	o.Zone = cmp.Or(o.Zone, g.Zone)
	o.CookieDomain = cmp.Or(o.CookieDomain, g.CookieDomain)
	o.Brand = cmp.Or(o.Brand, g.Brand)
	if o.Message == nil {
		o.Message = g.Message
	}
	o.ResendVia = cmp.Or(o.ResendVia, g.ResendVia)
	o.NotifyChange = cmp.Or(o.NotifyChange, g.NotifyChange)
	if o.TestNumbers == nil {
		o.TestNumbers = g.TestNumbers
	}
	o.Origin = cmp.Or(o.Origin, g.Origin)
	o.Template = cmp.Or(o.Template, g.Template)
	if o.Languages == nil {
		o.Languages = g.Languages
	}
	o.Words = cmp.Or(o.Words, g.Words)
	o.Restore = cmp.Or(o.Restore, g.Restore)
	o.Help = cmp.Or(o.Help, g.Help)
	o.Contact = cmp.Or(o.Contact, g.Contact)
	o.Logo = cmp.Or(o.Logo, g.Logo)
	o.ShowUser = cmp.Or(o.ShowUser, g.ShowUser)
	o.ChallengeStatus = cmp.Or(o.ChallengeStatus, g.ChallengeStatus)
	o.StaleOK = cmp.Or(o.StaleOK, g.StaleOK)
	o.SendWait = cmp.Or(o.SendWait, g.SendWait)
	o.DefaultRegion = cmp.Or(o.DefaultRegion, g.DefaultRegion)
	o.Phone = cmp.Or(o.Phone, g.Phone)
	return o
}

// Defaults are the options of an operator who wrote none. Texts, test numbers and names have no default here.
func Defaults() Options {
	return Options{
		CodeLength: otp.DefaultCodeLength, CodeTTL: length(otp.DefaultCodeTTL), Attempts: otp.DefaultAttempts,
		Block: length(otp.DefaultBlock), ResendAfter: length(otp.DefaultResendAfter),
		Session: length(defaultSession), Trust: length(0), Idle: length(0), MaxAge: length(0),
		Send: "auto", Zone: DefaultZone,
		ResendVia: "same", NotifyChange: "on", ShowUser: "off", Restore: "1MB",
		ChallengeStatus: defaultStatus,
		StaleOK:         length(defaultStaleOK), SendWait: length(defaultSendWait),
	}
}

func length(d time.Duration) *caddy.Duration { return (*caddy.Duration)(&d) }
