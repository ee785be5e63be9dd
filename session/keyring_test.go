package session_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/session"
)

func newSecret(t testing.TB) string {
	t.Helper()
	s, err := session.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newRing(t testing.TB, secrets ...string) *session.KeyRing {
	t.Helper()
	r, err := session.NewKeyRing(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKeyRingRefusesWeakSecrets(t *testing.T) {
	t.Parallel()
	counting := make([]byte, 32)
	for i := range counting {
		counting[i] = byte(i)
	}
	tests := map[string]string{
		"empty":                "",
		"short":                base64.StdEncoding.EncodeToString([]byte("short")),
		"31 random bytes":      newSecret(t)[:40],
		"zeros":                hex.EncodeToString(make([]byte, 32)),
		"counting":             hex.EncodeToString(counting),
		"text in base64":       base64.StdEncoding.EncodeToString([]byte("your-256-bit-secret-goes-in-here")),
		"phrase":               "correcthorsebatterystaplecorrecthorsebattery",
		"changeme":             strings.Repeat("changeme", 8),
		"SHOUTED phrase":       strings.Repeat("PASSWORD", 8),
		"repeated":             hex.EncodeToString([]byte(strings.Repeat("\xab\xcd", 20))),
		"neither hex nor base": "§§§§" + newSecret(t),
	}
	for name, secret := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := session.NewKeyRing(secret)
			if !errors.Is(err, session.ErrWeakSecret) {
				t.Fatalf("accepted, or refused for another reason: %v", err)
			}
			if secret != "" && strings.Contains(err.Error(), secret) {
				t.Error("the error tells the secret")
			}
		})
	}
}

func TestKeyRingReadsEverySpelling(t *testing.T) {
	t.Parallel()
	raw := make([]byte, 33)
	_, _ = rand.Read(raw)
	want := newRing(t, hex.EncodeToString(raw)).ID()
	for _, s := range []string{
		base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
		strings.ToUpper(hex.EncodeToString(raw)), "  " + hex.EncodeToString(raw) + "\n",
	} {
		if got := newRing(t, s).ID(); got != want {
			t.Errorf("%d characters give another key", len(s))
		}
	}
}
