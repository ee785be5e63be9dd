package caddymodule_test

import (
	"net/http"
	"strings"
	"testing"
)

// Within resend_after of a right code a visitor may sign in again, on a second device, and after a logout: the pause
// lies between two texts that ask for the same thing.
func TestSigningInAgainAtOnce(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	first := s.visitor(t, "alice")
	first.login("/")
	s.visitor(t, "alice").login("/second-device")
	if p := first.do(http.MethodPost, "/?sms_2fa=logout", nil, ""); p.status != http.StatusNoContent {
		t.Fatalf("logout: status %d", p.status)
	}
	first.login("/again")
	if n := len(s.provider.Texts()); n != 3 {
		t.Errorf("%d texts, want 3", n)
	}
	// The next one waits for its code, and so the button waits, too.
	v := s.visitor(t, "alice")
	p := v.open("/")
	s.provider.Wait(t, 4)
	if again := v.resend(p, "/"); again.status != http.StatusTooManyRequests {
		t.Errorf("a second text for the same thing: status %d", again.status)
	}
}

// The operator's unlock lifts the limits of texts, of the account and of the phone, which another account shares.
func TestUnlockLiftsTheLimitsOfTexts(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{
		directive: "directory inline {\nalice +15005550011\nbob +15005550011\n}\n" +
			"sends 2 per 10m\nresend_after 0s\nsend button",
	})
	unlock := func(user string) {
		t.Helper()
		body := strings.NewReader(`{"user":"` + user + `"}`)
		res, err := http.Post("http://"+s.Admin+"/sms_2fa/unlock", "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Fatalf("unlock: status %d", res.StatusCode)
		}
	}
	alice, bob := s.visitor(t, "alice"), s.visitor(t, "bob")
	press := func(v *visitor, want int) {
		t.Helper()
		if p := v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}"); p.status != want {
			t.Errorf("%s: status %d, want %d: %s", v.user, p.status, want, p.body)
		}
	}
	press(alice, http.StatusAccepted)
	press(alice, http.StatusAccepted)
	press(alice, http.StatusTooManyRequests) // by the account's limit
	unlock("alice")
	press(alice, http.StatusAccepted)
	press(alice, http.StatusAccepted)
	press(bob, http.StatusTooManyRequests) // by the phone's limit
	unlock("bob")
	press(bob, http.StatusAccepted)
}
