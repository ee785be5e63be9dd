package session_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/caddy-sms-2fa/gateway/session"
)

var now = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func example() session.Session {
	return session.Session{
		ID: "sid", Subject: "sub", Zone: "default", Epoch: "e1", Bind: "b",
		AuthTime: now, IssuedAt: now, Expires: now.Add(time.Hour),
	}
}

func TestTokenRoundTrip(t *testing.T) {
	t.Parallel()
	older, newer := newSecret(t), newSecret(t)
	token, err := session.NewTokens(newRing(t, older), clock).Mint(example())
	if err != nil {
		t.Fatal(err)
	}
	got, err := session.NewTokens(newRing(t, newer, older), clock).Read(token, "default")
	if err != nil {
		t.Fatalf("a token of an older secret: %v", err)
	}
	want := example()
	if got.ID != want.ID || got.Subject != want.Subject || got.Epoch != want.Epoch || got.Bind != want.Bind ||
		!got.AuthTime.Equal(want.AuthTime) || !got.Expires.Equal(want.Expires) {
		t.Errorf("read %+v", got)
	}
	_, err = session.NewTokens(newRing(t, newer), clock).Read(token, "default")
	if !errors.Is(err, session.ErrInvalid) {
		t.Errorf("a token of a retired secret: %v", err)
	}
}

// change changes the header and the claims of a token.
type change func(header, claims map[string]any)

// alg is a change of the algorithm in the header.
func alg(name string) change { return func(header, _ map[string]any) { header["alg"] = name } }

// kid is a change of the key ID in the header.
func kid(id any) change { return func(header, _ map[string]any) { header["kid"] = id } }

// forge is a valid token after a change, with a signature that resign makes of what is to be signed.
func forge(t *testing.T, valid string, change change, resign func(signing string) string) string {
	t.Helper()
	token, _, err := jwt.NewParser().ParseUnverified(valid, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	change(token.Header, token.Claims.(jwt.MapClaims))
	signing, err := token.SigningString()
	if err != nil {
		t.Fatal(err)
	}
	return signing + "." + resign(signing)
}

func TestTokenRefuses(t *testing.T) {
	t.Parallel()
	tokens := session.NewTokens(newRing(t, newSecret(t)), clock)
	valid, err := tokens.Mint(example())
	if err != nil {
		t.Fatal(err)
	}
	mint := func(change func(*session.Session)) string {
		s := example()
		change(&s)
		token, err := tokens.Mint(s)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	parts := strings.Split(valid, ".")
	keep := func(map[string]any, map[string]any) {}
	same := func(string) string { return parts[2] }
	none := func(string) string { return "" }
	tests := map[string]string{
		"empty":               "",
		"two parts":           parts[0] + "." + parts[1],
		"four parts":          valid + ".x",
		"trailing newline":    valid + "\n",
		"payload changed":     parts[0] + "." + parts[1][:20] + "A" + parts[1][21:] + "." + parts[2],
		"signature cut":       valid[:len(valid)-2],
		"no signature":        parts[0] + "." + parts[1] + ".",
		"expired":             mint(func(s *session.Session) { s.Expires = now }),
		"from the future":     mint(func(s *session.Session) { s.IssuedAt = now.Add(2 * session.Leeway) }),
		"another zone":        mint(func(s *session.Session) { s.Zone = "admin" }),
		"without epoch":       mint(func(s *session.Session) { s.Epoch = "" }),
		"without subject":     mint(func(s *session.Session) { s.Subject = "" }),
		"alg none":            forge(t, valid, alg("none"), none),
		"alg None":            forge(t, valid, alg("None"), same),
		"alg HS512":           forge(t, valid, alg("HS512"), same),
		"empty key":           forge(t, valid, keep, func(s string) string { return hs256(t, s, nil) }),
		"unknown kid":         forge(t, valid, kid("x"), same),
		"kid is a number":     forge(t, valid, kid(1), same),
		"oversized":           strings.Repeat("A", session.MaxToken+1),
		"many dots":           strings.Repeat(".", 2000),
		"signature respelled": valid[:len(valid)-1] + respell(valid[len(valid)-1]),
	}
	for name, token := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := tokens.Read(token, "default"); !errors.Is(err, session.ErrInvalid) {
				t.Errorf("accepted, or refused without a reason: %v", err)
			}
		})
	}
}

func hs256(t *testing.T, signing string, key []byte) string {
	t.Helper()
	sig, err := jwt.SigningMethodHS256.Sign(signing, append([]byte{}, key...))
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sig)
}

// respell is another letter with the same upper four bits, which a lax decoder reads as the same signature.
func respell(c byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(letters, c)
	return string(letters[i^1])
}

func TestTokenNamesNoPerson(t *testing.T) {
	t.Parallel()
	token, err := session.NewTokens(newRing(t, newSecret(t)), clock).Mint(example())
	if err != nil {
		t.Fatal(err)
	}
	if len(token) > 700 {
		t.Errorf("the token has %d bytes", len(token))
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, claim := range []string{"name", "phone", "email"} {
		if strings.Contains(string(payload), claim) {
			t.Errorf("the payload has a claim like %q", claim)
		}
	}
}

func FuzzRead(f *testing.F) {
	tokens := session.NewTokens(newRing(f, newSecret(f)), clock)
	valid, err := tokens.Mint(example())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(valid)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := tokens.Read(token, "default"); err == nil && token != valid {
			t.Errorf("%q is valid", token)
		}
	})
}
