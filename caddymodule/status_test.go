package caddymodule_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
)

// stands checks members of ?sms_2fa=status; "" means that a member is not there, "*" that it is.
func (v *visitor) stands(when string, want map[string]string) {
	v.t.Helper()
	p := v.do(http.MethodGet, "/?sms_2fa=status", nil, "")
	if p.status != http.StatusOK {
		v.t.Fatalf("%s: status %d: %s", when, p.status, p.body)
	}
	for member, value := range want {
		if got := field(p.body, member); got != value && (value != "*" || got == "") {
			v.t.Errorf("%s: %s is %q, want %q: %s", when, member, got, value, p.body)
		}
	}
}

// The status tells how the account really stands, whatever the browser has.
func TestStatus(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "attempts 1\nblock 1s\nresend_after 1s\nsend button"})
	v, other := s.visitor(t, "alice"), s.visitor(t, "alice")
	nothing := map[string]string{
		"verified": "false", "state": "none", "attempts_left": "1", "phone": "", "expires_at": "", "resend_at": "",
		"delivery": "", "blocked_until": "",
	}
	v.stands("at first", nothing)
	p := v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}")
	if field(p.body, "state") != "waiting" || field(p.body, "verified") != "false" {
		t.Errorf("send is answered with %s", p.body)
	}
	v.stands("after a text", map[string]string{
		"state": "waiting", "attempts_left": "1", "phone": "••••••••06", "expires_at": "*", "resend_at": "*",
		"delivery": "sent", "blocked_until": "",
	})
	other.stands("another browser, before it may text", map[string]string{"state": "waiting", "resend_at": "*"})
	code := s.provider.Wait(t, 1).CodeInText()
	v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+wrong(code)+`"}`)
	for who, v := range map[string]*visitor{"this browser": v, "another browser": other} {
		v.stands(who+", blocked", map[string]string{
			"verified": "false", "state": "blocked", "attempts_left": "0", "blocked_until": "*", "resend_at": "*",
		})
	}
	end, err := time.Parse(time.RFC3339, field(v.do(http.MethodGet, "/?sms_2fa=status", nil, "").body, "blocked_until"))
	if err != nil || time.Until(end) > 2*time.Second {
		t.Errorf("blocked until %s, %v", end, err)
	}
	time.Sleep(1100 * time.Millisecond)
	v.stands("after the block", map[string]string{"state": "waiting", "attempts_left": "1", "blocked_until": ""})
	v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+code+`"}`)
	v.stands("verified", map[string]string{"verified": "true", "state": "", "expires_at": "*", "attempts_left": ""})
	other.stands("another browser is not", map[string]string{"verified": "false", "state": "none"})
	s.visitor(t, "nobody").stands("nobody", map[string]string{
		"verified": "false", "state": "no-phone", "attempts_left": "", "resend_at": "",
	})
}

// An account that was disabled says so, and one that has had its texts.
func TestStatusOfDisabledAndLimited(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "attempts 10\nblock 0s\nresend_after 0s\nsends 1 per 10m\nsend button"})
	v := s.visitor(t, "alice")
	v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}")
	code := s.provider.Wait(t, 1).CodeInText()
	for range otp.MaxInARow {
		v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+wrong(code)+`"}`)
	}
	v.stands("after 100 wrong codes", map[string]string{
		"state": "disabled", "attempts_left": "0", "resend_at": "", "blocked_until": "",
	})
	limited := s.visitor(t, "bob")
	limited.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}")
	code = s.provider.Wait(t, 2).CodeInText()
	limited.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+code+`"}`)
	if p := limited.do(http.MethodPost, "/?sms_2fa=logout", nil, ""); p.status != http.StatusNoContent {
		t.Fatalf("logout: status %d", p.status)
	}
	limited.stands("no more texts", map[string]string{
		"state": "limited", "resend_at": "*", "phone": "", "delivery": "",
	})
	if p := limited.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}"); p.problem() != "too-many-requests" {
		t.Errorf("a text all the same: %s", p.body)
	}
}
