package caddymodule_test

import (
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// thief is somebody who has a copy of the store and the secret of that time.
type thief struct {
	ring  *session.KeyRing
	epoch session.Epoch
	keys  []*otp.Keys // all that can be derived
}

func steal(t *testing.T, addr string) *thief {
	t.Helper()
	ring, err := session.NewKeyRing(secret)
	if err != nil {
		t.Fatal(err)
	}
	s := redisstore.New(redisstore.Options{Addresses: []string{addr}, KeyPrefix: "sms2fa:"})
	defer s.Close()
	epoch, err := session.OpenEpoch(t.Context(), s, ring, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := ring.CodeKeys()[0]
	alone, err := otp.NewKeys(epoch.Root)
	if err != nil {
		t.Fatal(err)
	}
	withSecret, err := otp.NewKeys(epoch.Root, otp.CodeKey(key))
	if err != nil {
		t.Fatal(err)
	}
	return &thief{ring, epoch, []*otp.Keys{alone, withSecret}}
}

func named(user string) otp.Subject { return otp.Subject{Zone: "default", Name: user} }

// knows reports whether the thief can derive the code of the visitor's challenge.
func (f *thief) knows(t *testing.T, v *visitor, code string) bool {
	t.Helper()
	ticket, ok := otp.ParseTicket(v.cookie("sms2fa_challenge"))
	if !ok {
		t.Fatal("the visitor has no ticket")
	}
	for _, keys := range f.keys {
		if keys.Code(named(v.user), ticket.Challenge, len(code)) == code {
			return true
		}
	}
	return false
}

// forge makes a session of alice.
func (f *thief) forge(t *testing.T, epoch string) string {
	t.Helper()
	now := time.Now()
	token, err := session.NewTokens(f.ring, time.Now).Mint(session.Session{
		ID: "forged", Subject: f.keys[0].Pseudonym(named("alice")), Zone: "default", Epoch: epoch,
		AuthTime: now, IssuedAt: now,
		Stamp: now.Add(time.Hour).UnixMilli(), Expires: now.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// After a leak of store and secret, another secret in the place of the old one makes worthless what was leaked.
func TestAnotherSecretEndsALeak(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	s := startSite(t, setup{global: onRedis(redis.Addr), directive: "resend_after 0s"})
	v := s.visitor(t, "alice")
	v.open("/")
	leak := steal(t, redis.Addr)
	if code := s.provider.Wait(t, 1).CodeInText(); !leak.knows(t, v, code) {
		t.Fatal("the thief of this test is not good enough: the leak must tell the code")
	}
	forger := s.visitor(t, "alice")
	forger.setCookie("sms2fa", leak.forge(t, leak.epoch.ID))
	if !forger.open("/").isApp() {
		t.Fatal("the thief of this test is not good enough: the leak must open the site")
	}

	for i, after := range []struct{ user, secrets string }{{"bob", another + " " + secret}, {"carol", another}} {
		with := setup{
			provider: s.provider, listen: s.URL, directive: "resend_after 0s",
			global: "secret " + after.secrets + "\nstore redis {\naddress " + redis.Addr + "\n}",
		}
		if err := s.Reload(with.caddyfile()); err != nil {
			t.Fatal(err)
		}
		v := s.visitor(t, after.user)
		p := v.open("/")
		code := s.provider.Wait(t, i+2).CodeInText()
		if leak.knows(t, v, code) {
			t.Errorf("after reload %d the thief still knows the code", i+1)
		}
		if a := v.submit(p, "/", code); a.status != http.StatusSeeOther {
			t.Errorf("after reload %d the right code: status %d", i+1, a.status)
		}
	}
	if forger.do(http.MethodGet, "/", nil, "").isApp() {
		t.Error("a token of the old secret still opens the site")
	}
}
