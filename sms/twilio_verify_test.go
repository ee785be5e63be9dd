package sms_test

import (
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func TestTwilioChecks(t *testing.T) {
	t.Parallel()
	p := providers.StartTwilio(t)
	s := newTwilio(t, p, asChecking)
	if !s.MakesCodes() || s.Confirms() {
		t.Error("Twilio makes the codes, and knows itself which are right")
	}
	if _, err := s.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	code, id := p.Wait(t, 1).Code, p.Wait(t, 1).ID
	if _, err := s.Send(t.Context(), message); err != nil || p.Wait(t, 2).Code != code {
		t.Errorf("the second text has another code, %v", err)
	}
	for _, tt := range []struct {
		name, code string
		want       bool
	}{{"wrong", "000000", false}, {"right", code, true}, {"again", code, false}} {
		if right, err := s.Check(t.Context(), message.To, []string{id}, tt.code); err != nil || right != tt.want {
			t.Errorf("%s: %v, %v", tt.name, right, err)
		}
	}
	_, _ = s.Send(t.Context(), message)
	code, id = p.Wait(t, 3).Code, p.Wait(t, 3).ID
	for range 5 {
		_, _ = s.Check(t.Context(), message.To, []string{id}, "000000")
	}
	if right, err := s.Check(t.Context(), message.To, []string{id}, code); right || err != nil {
		t.Errorf("right after five wrong ones: %v, %v; Twilio's own limit counts", right, err)
	}
	p = providers.StartTwilio(t)
	s = newTwilio(t, p, asChecking)
	_, _ = s.Send(t.Context(), message)
	id = p.Wait(t, 1).ID
	for mood, class := range map[providers.Mood]sms.Class{
		providers.Unauthorized: sms.Unauthorized, providers.TooMany: sms.RateLimited, providers.Error500: sms.Ambiguous,
		providers.Hang:     sms.Ambiguous,
		providers.GzipBomb: sms.Ambiguous, providers.Redirect: sms.Config,
	} {
		p.Misbehave(mood)
		right, err := s.Check(t.Context(), message.To, []string{id}, code)
		if right {
			t.Errorf("%s: the code counts as right", mood)
		}
		judge(t, err, class, []string{p.AuthToken, code})
	}
}

func TestTwilioIsToldOfRightCodes(t *testing.T) {
	t.Parallel()
	p := providers.StartTwilio(t)
	s := newTwilio(t, p, asVerify)
	receipt, err := s.Send(t.Context(), message)
	if err != nil || !s.Confirms() {
		t.Fatal(err)
	}
	if err := s.Confirm(t.Context(), receipt.ID); err != nil || len(p.Approved()) != 1 ||
		p.Approved()[0] != receipt.ID {
		t.Errorf("approved %v, %v", p.Approved(), err)
	}
	judge(t, s.Confirm(t.Context(), receipt.ID), sms.Config, []string{p.AuthToken})
	for _, odd := range []string{"", "../Messages", "VE1", receipt.ID + "/x"} {
		before, _ := p.Requests()
		if err := s.Confirm(t.Context(), odd); err != nil {
			t.Errorf("%q: %v", odd, err)
		}
		if after, _ := p.Requests(); after != before {
			t.Errorf("%q became part of an address", odd)
		}
	}
}

// A code is right only if the body of Twilio's answer says so in all its members; the HTTP status alone proves
// nothing.
func TestTwilioReadsChecks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		body   string
		right  bool
		class  sms.Class
	}{
		{"right", 200, `{"status":"approved","valid":true}`, true, ""},
		{"right, created", 201, `{"status":"approved","valid":true}`, true, ""},
		{"wrong", 200, `{"status":"pending","valid":false}`, false, ""},
		{"approved and not valid", 200, `{"status":"approved","valid":false}`, false, ""},
		{"valid and pending", 201, `{"status":"pending","valid":true}`, false, ""},
		{"over", 404, `{"code":20404,"status":404}`, false, ""},
		{"over, with a text for a code", 404, `{"code":"20404"}`, false, ""},
		{"checked too often", 429, `{"code":60202,"status":429}`, false, ""},
		{"nothing there", 404, ``, false, sms.Config},
		{"somebody else's page", 404, `<html>`, false, sms.Config},
		{"another code", 404, `{"code":20003,"status":404}`, false, sms.Unauthorized},
		{"20404 and another status", 500, `{"code":20404,"status":500}`, false, sms.Config},
		{"too many requests", 429, `{"code":20429,"status":429}`, false, sms.RateLimited},
		{"a page for a yes", 200, `<html>`, false, sms.Ambiguous},
	} {
		url, _ := echo(t, tt.status, nil, tt.body)
		s := newTwilio(t, providers.StartTwilio(t),
			func(o *sms.TwilioOptions, p *providers.Twilio) { asChecking(o, p); o.VerifyURL = url })
		right, err := s.Check(t.Context(), message.To, []string{"VE" + strings.Repeat("0", 32)}, message.Code)
		if right != tt.right {
			t.Errorf("%s: right %t", tt.name, right)
		}
		judge(t, err, tt.class, nil)
	}
}

// Twilio answers a check with the status 200 or 201; both are success.
func TestTwilioChecksCreated(t *testing.T) {
	t.Parallel()
	p := providers.StartTwilio(t)
	s := newTwilio(t, p, asChecking)
	receipt, err := s.Send(t.Context(), message)
	if err != nil {
		t.Fatal(err)
	}
	p.Misbehave(providers.CheckCreated)
	for code, want := range map[string]bool{"000000": false, p.Wait(t, 1).Code: true} {
		if right, err := s.Check(t.Context(), message.To, []string{receipt.ID}, code); right != want || err != nil {
			t.Errorf("code %s: %t, %v", code, right, err)
		}
	}
}

// Twilio sends at most five texts while a verification is open, and each has the same name.
func TestTwilioSendsFiveTimes(t *testing.T) {
	t.Parallel()
	for _, way := range []func(*sms.TwilioOptions, *providers.Twilio){asVerify, asChecking} {
		p := providers.StartTwilio(t)
		s := newTwilio(t, p, way)
		first, err := s.Send(t.Context(), message)
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if next, err := s.Send(t.Context(), message); err != nil || next != first {
				t.Errorf("receipt %v, then %v, %v", first, next, err)
			}
		}
		_, err = s.Send(t.Context(), message)
		judge(t, err, sms.RateLimited, []string{p.AuthToken})
		if n := len(p.Texts()); n != 5 {
			t.Errorf("%d texts", n)
		}
	}
}
