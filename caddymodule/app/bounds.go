package app

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/session"
)

// ErrCandidate says that an option reads a placeholder of somebody whom the first factor refused.
var ErrCandidate = errors.New("{http.auth.candidate.*} names whoever was refused; use {http.auth.user.id}")

// Validate says which option is out of bounds.
func (o Options) Validate() error {
	if _, err := o.Policy(); err != nil {
		return err
	}
	if err := o.Message.validate(); err != nil {
		return err
	}
	if _, err := o.tags(); err != nil {
		return err
	}
	for _, t := range o.TestNumbers {
		if err := t.validate(); err != nil {
			return err
		}
	}
	if err := o.validateTimes(); err != nil {
		return err
	}
	if err := o.validateChoices(); err != nil {
		return err
	}
	return o.validateNames()
}

func (o Options) validateTimes() error {
	o = o.Or(Defaults())
	longest, trust, sendWait := time.Duration(*o.Session), time.Duration(*o.Trust), time.Duration(*o.SendWait)
	switch {
	case longest <= 0 || longest > MaxSession:
		return fmt.Errorf("session: %s is not more than 0 and at most 90d", longest)
	case trust < 0 || trust > MaxSession:
		return fmt.Errorf("trust: %s is negative, or more than 90d", trust)
	case *o.Idle < 0 || *o.MaxAge < 0:
		return errors.New("idle, max_age: a duration is negative")
	case time.Duration(*o.StaleOK) < session.LeastStale:
		return fmt.Errorf("stale_ok: %s is shorter than a store in good health may take to answer, so verified "+
			"visitors would be thrown out; expected at least %s", time.Duration(*o.StaleOK), session.LeastStale)
	case sendWait < 0 || sendWait > 30*time.Second:
		return fmt.Errorf("send_wait: %s is negative, or over 30s", sendWait)
	}
	return nil
}

// Agree says which options of a gate do not go together, once all of them are known.
func (o Options) Agree() error {
	longest, trust := time.Duration(*o.Session), time.Duration(*o.Trust)
	if trust > 0 && trust <= longest {
		return fmt.Errorf("trust: %s is not longer than session, %s, so nobody would gain by it", trust, longest)
	}
	return nil
}

func (o Options) validateChoices() error {
	o = o.Or(Defaults())
	switch {
	case o.Send != "auto" && o.Send != "button":
		return fmt.Errorf("send: %q is neither auto nor button", o.Send)
	case o.ResendVia != "same" && o.ResendVia != "next":
		return fmt.Errorf("resend_via: %q is neither same nor next", o.ResendVia)
	case o.NotifyChange != "on" && o.NotifyChange != "off":
		return fmt.Errorf("notify_change: %q is neither on nor off", o.NotifyChange)
	case o.ShowUser != "on" && o.ShowUser != "off":
		return fmt.Errorf("show_user: %q is neither on nor off", o.ShowUser)
	case o.ChallengeStatus < 400 || o.ChallengeStatus > 499:
		return fmt.Errorf("challenge_status: %d is not between 400 and 499", o.ChallengeStatus)
	}
	if err := judgePhone(o.Phone); err != nil {
		return err
	}
	return judgeBind(o.Bind)
}

func (o Options) validateNames() error {
	switch {
	case o.Zone != "" && !guest.IsName(o.Zone):
		return fmt.Errorf("zone: %q has other characters than letters, digits, _ and -, or more than 32", o.Zone)
	case o.Origin != "" && !isHost(o.Origin):
		return fmt.Errorf("origin: %q is not a host name like app.example.com; no scheme, port or path", o.Origin)
	case o.DefaultRegion != "" && !isRegion(o.DefaultRegion):
		return fmt.Errorf("default_region: %q is not a country like DE", o.DefaultRegion)
	case strings.ContainsAny(o.Brand, "\r\n") || len(o.Brand) > 60:
		return fmt.Errorf("brand: it has more than one line or more than 60 bytes")
	}
	if _, err := o.LargestForm(); err != nil {
		return err
	}
	for name, value := range map[string]string{"help": o.Help, "contact": o.Contact} {
		if _, err := NewWay(value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return judgeCookieDomain(o.CookieDomain)
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
