package caddymodule

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store"
)

// Defaults of options that are not the domain's.
const (
	defaultSession  = 12 * time.Hour
	maxSession      = 90 * 24 * time.Hour
	defaultStaleOK  = 10 * time.Minute
	defaultSendWait = 2 * time.Second
	defaultStatus   = 403
	defaultZone     = "default"
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

	// The least time between two texts of one account. A text that could not be sent does not count. Default: `60s`.
	ResendAfter *caddy.Duration `json:"resend_after,omitempty"`

	// How many texts an account, and again a phone number, may get: a list like `5 per 10m`. Default: `5 per 10m` and
	// `10 per 24h`.
	Sends []string `json:"sends,omitempty"`

	// How long a verification lasts, at most `90d`. Default: `12h`.
	Session *caddy.Duration `json:"session,omitempty"`

	// Ends a verification earlier, when it has not been used for so long. Default: off.
	Idle *caddy.Duration `json:"idle,omitempty"`

	// Asks for a new code when the verification is older than this (step-up). Default: off.
	MaxAge *caddy.Duration `json:"max_age,omitempty"`

	// When the first text is sent: `auto`, when the visitor first comes to the page, or `button`, when a button is
	// pressed. Default: `auto`.
	Send string `json:"send,omitempty"`

	// A placeholder that names the session of the first factor, like `{http.request.cookie.PHPSESSID}`. A verification
	// holds only while its value stays the same. Default: off.
	Bind string `json:"bind,omitempty"`

	// Routes of one zone share verifications, counters and blocks; routes of different zones share nothing. Letters,
	// digits, `_` and `-`. Default: `default`.
	Zone string `json:"zone,omitempty"`

	// A domain whose subdomains share the verification, like `example.com`. Default: off, the cookie belongs to one host.
	CookieDomain string `json:"cookie_domain,omitempty"`

	// The site's name on the page and in the text. Default: the host.
	Brand string `json:"brand,omitempty"`

	// The text, with the variables `{code}`, `{brand}`, `{minutes}` and `{host}`; or several, by language (BCP 47), of
	// which the visitor's browser chooses. The one without a language, under the key "", is taken for English, and is for
	// everybody else. A last line that binds the code to the site is always added. Default: `{brand}: your code is {code}.
	// It holds for {minutes} min. Do not share it with anyone.`
	Message Messages `json:"message,omitempty"`

	// Which sender takes a text that is asked for after one that was reported as not delivered, or that may not have been
	// accepted: `same`, or `next`, the one behind it. Default: `same`.
	ResendVia string `json:"resend_via,omitempty"`

	// Numbers that get no text and have a fixed code, for tests and app reviews.
	TestNumbers []TestNumber `json:"test_number,omitempty"`

	// The host in the last line of the text, like `app.example.com`. Set it where a site answers to any host name.
	// Default: the host that was asked for.
	Origin string `json:"origin,omitempty"`

	// The file of a page of your own (Go html/template). Default: the built-in page.
	Template string `json:"template,omitempty"`

	// The HTTP status of the challenge. Default: `403`, with which browsers keep the password of the first factor.
	ChallengeStatus int `json:"challenge_status,omitempty"`

	// How long verified visitors go on when the store does not answer. Default: `10m`.
	StaleOK *caddy.Duration `json:"stale_ok,omitempty"`

	// How long the page waits for the provider before it says that the text is on its way. Default: `2s`.
	SendWait *caddy.Duration `json:"send_wait,omitempty"`

	// The country of numbers that are written without one, like `DE` (ISO 3166-1). Default: none, numbers start with `+`.
	DefaultRegion string `json:"default_region,omitempty"`

	// A placeholder that holds the visitor's phone number, when the first factor brings it, like
	// `{http.reverse_proxy.header.Remote-Phone}`. Where it is empty, the directory is asked. Default: off.
	Phone string `json:"phone,omitempty"`
}

// or fills what o leaves open from the global options.
func (o Options) or(g Options) Options {
	o.CodeLength = first(o.CodeLength, g.CodeLength)
	o.CodeTTL = first(o.CodeTTL, g.CodeTTL)
	o.Attempts = first(o.Attempts, g.Attempts)
	o.Block = first(o.Block, g.Block)
	o.ResendAfter = first(o.ResendAfter, g.ResendAfter)
	if o.Sends == nil {
		o.Sends = g.Sends
	}
	o.Session = first(o.Session, g.Session)
	o.Idle = first(o.Idle, g.Idle)
	o.MaxAge = first(o.MaxAge, g.MaxAge)
	o.Send = first(o.Send, g.Send)
	o.Bind = first(o.Bind, g.Bind)
	o.Zone = first(o.Zone, g.Zone)
	o.CookieDomain = first(o.CookieDomain, g.CookieDomain)
	o.Brand = first(o.Brand, g.Brand)
	if o.Message == nil {
		o.Message = g.Message
	}
	o.ResendVia = first(o.ResendVia, g.ResendVia)
	if o.TestNumbers == nil {
		o.TestNumbers = g.TestNumbers
	}
	o.Origin = first(o.Origin, g.Origin)
	o.Template = first(o.Template, g.Template)
	o.ChallengeStatus = first(o.ChallengeStatus, g.ChallengeStatus)
	o.StaleOK = first(o.StaleOK, g.StaleOK)
	o.SendWait = first(o.SendWait, g.SendWait)
	o.DefaultRegion = first(o.DefaultRegion, g.DefaultRegion)
	o.Phone = first(o.Phone, g.Phone)
	return o
}

func first[T comparable](a, b T) T {
	var zero T
	if a != zero {
		return a
	}
	return b
}

// duration is the value of an option that may be left open.
func duration(d *caddy.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return time.Duration(*d)
}

// policy is what the options say about codes and texts.
func (o Options) policy() (otp.Policy, error) {
	p := otp.DefaultPolicy()
	p.CodeLength = first(o.CodeLength, p.CodeLength)
	p.CodeTTL = duration(o.CodeTTL, p.CodeTTL)
	p.Attempts = first(o.Attempts, p.Attempts)
	p.Block = duration(o.Block, p.Block)
	p.ResendAfter = duration(o.ResendAfter, p.ResendAfter)
	if o.Sends != nil {
		sends, err := parseSends(o.Sends)
		if err != nil {
			return p, err
		}
		p.Sends = sends
	}
	return p, p.Validate()
}

// parseSends reads limits like "5 per 10m".
func parseSends(limits []string) ([]store.Limit, error) {
	var sends []store.Limit
	for _, l := range limits {
		words := strings.Fields(l)
		if len(words) != 3 || words[1] != "per" {
			return nil, fmt.Errorf("sends: %q is not like \"5 per 10m\"", l)
		}
		n, err := strconv.Atoi(words[0])
		if err != nil {
			return nil, fmt.Errorf("sends: %q is not a number of texts", words[0])
		}
		per, err := caddy.ParseDuration(words[2])
		if err != nil {
			return nil, fmt.Errorf("sends: %q is not a duration like \"10m\"", words[2])
		}
		sends = append(sends, store.Limit{Max: n, Per: per})
	}
	return sends, nil
}

// validate says which option is out of bounds.
func (o Options) validate() error {
	if _, err := o.policy(); err != nil {
		return err
	}
	if _, err := newWording(o.Message); err != nil {
		return err
	}
	for _, t := range o.TestNumbers {
		if err := t.validate(); err != nil {
			return err
		}
	}
	session := duration(o.Session, defaultSession)
	switch {
	case session <= 0 || session > maxSession:
		return fmt.Errorf("session: %s is not more than 0 and at most 90d", session)
	case duration(o.Idle, 0) < 0 || duration(o.MaxAge, 0) < 0:
		return fmt.Errorf("idle, max_age: a duration is negative")
	case duration(o.StaleOK, 0) < 0 || duration(o.SendWait, 0) < 0 || duration(o.SendWait, 0) > 30*time.Second:
		return fmt.Errorf("stale_ok, send_wait: a duration is negative, or send_wait is over 30s")
	case o.Send != "" && o.Send != "auto" && o.Send != "button":
		return fmt.Errorf("send: %q is neither auto nor button", o.Send)
	case o.ResendVia != "" && o.ResendVia != "same" && o.ResendVia != "next":
		return fmt.Errorf("resend_via: %q is neither same nor next", o.ResendVia)
	case o.ChallengeStatus != 0 && (o.ChallengeStatus < 400 || o.ChallengeStatus > 499):
		return fmt.Errorf("challenge_status: %d is not between 400 and 499", o.ChallengeStatus)
	case strings.Contains(o.Bind, "{http.auth.candidate.") || strings.Contains(o.Phone, "{http.auth.candidate."):
		return errCandidate
	}
	return o.validateNames()
}

func (o Options) validateNames() error {
	switch {
	case o.Zone != "" && !isZone(o.Zone):
		return fmt.Errorf("zone: %q has other characters than letters, digits, _ and -, or more than 32", o.Zone)
	case o.Origin != "" && !isHost(o.Origin):
		return fmt.Errorf("origin: %q is not a host name like app.example.com; no scheme, port or path", o.Origin)
	case o.CookieDomain != "" && !isHost(o.CookieDomain):
		return fmt.Errorf("cookie_domain: %q is not a domain like example.com", o.CookieDomain)
	case o.DefaultRegion != "" && !isRegion(o.DefaultRegion):
		return fmt.Errorf("default_region: %q is not a country like DE", o.DefaultRegion)
	case strings.ContainsAny(o.Brand, "\r\n") || len(o.Brand) > 60:
		return fmt.Errorf("brand: it has more than one line or more than 60 bytes")
	}
	return nil
}

var errCandidate = fmt.Errorf("{http.auth.candidate.*} names whoever was refused; use {http.auth.user.id}")

func isZone(s string) bool {
	return len(s) <= 32 && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	}) < 0
}

// isHost reports whether s is a host name or an IPv4 address, in lower case.
func isHost(s string) bool {
	return s != "" && len(s) <= 253 && !strings.HasPrefix(s, ".") && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-')
	}) < 0
}

func isRegion(s string) bool {
	return len(s) == 2 && s == strings.ToUpper(s) && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}
