package session_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
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
	if _, err := session.NewTokens(newRing(t, newer), clock).Read(token, "default"); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("a token of a retired secret: %v", err)
	}
}

// forge makes a token with our own key and whatever header and claims a test wants.
func forge(t *testing.T, valid string, change func(header, claims map[string]any), resign func(signing string) string) string {
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
		"alg none":            forge(t, valid, func(h, _ map[string]any) { h["alg"] = "none" }, func(string) string { return "" }),
		"alg None":            forge(t, valid, func(h, _ map[string]any) { h["alg"] = "None" }, func(string) string { return parts[2] }),
		"alg HS512":           forge(t, valid, func(h, _ map[string]any) { h["alg"] = "HS512" }, func(string) string { return parts[2] }),
		"empty key":           forge(t, valid, keep, func(s string) string { return hs256(t, s, nil) }),
		"unknown kid":         forge(t, valid, func(h, _ map[string]any) { h["kid"] = "x" }, func(string) string { return parts[2] }),
		"kid is a number":     forge(t, valid, func(h, _ map[string]any) { h["kid"] = 1 }, func(string) string { return parts[2] }),
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

func openStore(t testing.TB) store.Store {
	t.Helper()
	s := boltstore.New(filepath.Join(t.TempDir(), "store.db"), time.Now)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestEpochOutlivesTheSecret(t *testing.T) {
	t.Parallel()
	s, older, newer := openStore(t), newSecret(t), newSecret(t)
	open := func(secrets ...string) (session.Epoch, error) {
		return session.OpenEpoch(t.Context(), s, newRing(t, secrets...), rand.Reader)
	}
	first, err := open(older)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(newer); !errors.Is(err, session.ErrForeignSecret) {
		t.Fatalf("a gateway with another secret: %v", err)
	}
	for _, secrets := range [][]string{{older, newer}, {newer, older}, {newer}} {
		e, err := open(secrets...)
		if err != nil || e.ID != first.ID || string(e.Root) != string(first.Root) {
			t.Fatalf("with %d secrets: %v", len(secrets), err)
		}
	}
	if _, err := open(older); !errors.Is(err, session.ErrForeignSecret) {
		t.Errorf("the retired secret: %v", err)
	}
}

func TestEpochOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	if ok, err := s.Swap(t.Context(), "epoch", nil, []byte(`{"v":2,"id":"x"}`), time.Now().Add(time.Hour)); !ok || err != nil {
		t.Fatal(err)
	}
	if _, err := session.OpenEpoch(t.Context(), s, newRing(t, newSecret(t)), rand.Reader); err == nil {
		t.Error("an epoch of an unknown version was opened")
	}
}

// follow starts a follower of a store.
func follow(t *testing.T, s store.Store, secret string) *session.Follower {
	t.Helper()
	f := session.NewFollower(s, newRing(t, secret), rand.Reader, time.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { f.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return f
}

func wait(t *testing.T, f *session.Follower) *session.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	state, err := f.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestRevocationReachesOtherGateways(t *testing.T) {
	t.Parallel()
	s, secret := openStore(t), newSecret(t)
	here, there := follow(t, s, secret), follow(t, s, secret)
	one := session.Session{ID: "one", Subject: "alice", AuthTime: time.Now()}
	two := session.Session{ID: "two", Subject: "bob", AuthTime: time.Now()}
	state := wait(t, there)
	wait(t, here)
	until := time.Now().Add(time.Hour).Unix()
	began := time.Now()
	if err := here.Revoke(t.Context(), session.Revocation{Session: "one", Until: until}); err != nil {
		t.Fatal(err)
	}
	for !state.Revoked.Has(&one) {
		if time.Since(began) > 2*time.Second {
			t.Fatal("the revocation did not arrive")
		}
		time.Sleep(time.Millisecond)
	}
	t.Logf("arrived after %s", time.Since(began))
	if state.Revoked.Has(&two) {
		t.Error("another session is revoked too")
	}
	if err := here.Revoke(t.Context(), session.Revocation{Subject: "bob", Before: time.Now().Unix(), Until: until}); err != nil {
		t.Fatal(err)
	}
	later := follow(t, s, secret)
	state = wait(t, later)
	if !state.Revoked.Has(&one) || !state.Revoked.Has(&two) {
		t.Error("a gateway that starts later does not know what was revoked before")
	}
	two.AuthTime = time.Now().Add(2 * time.Second)
	if state.Revoked.Has(&two) {
		t.Error("a session opened after the revocation is revoked")
	}
}

func TestFirstStateComesAtOnce(t *testing.T) {
	t.Parallel()
	began := time.Now()
	wait(t, follow(t, openStore(t), newSecret(t)))
	if took := time.Since(began); took > 400*time.Millisecond {
		t.Errorf("the first state took %s: it waited for news", took)
	}
}

func TestLostMemoryBeginsANewState(t *testing.T) {
	t.Parallel()
	s, secret := openStore(t), newSecret(t)
	f := follow(t, s, secret)
	old := wait(t, f)
	rec, err := s.Get(t.Context(), "epoch")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Swap(t.Context(), "epoch", rec.Data, nil, time.Time{}); !ok || err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); f.State().Epoch.ID == old.Epoch.ID; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 3*time.Second {
			t.Fatal("the follower did not notice that the store lost its memory")
		}
	}
}

func TestUnreadableRevocationIsAFault(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	f := follow(t, s, newSecret(t))
	wait(t, f)
	if err := s.Append(t.Context(), []byte(`{"v":2}`), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); f.Fault() == nil; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 3*time.Second {
			t.Fatal("what cannot be read was passed over")
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := session.NewCache[int]()
	c.Put("kept", 1)
	for i := range 20000 {
		c.Put(strings.Repeat("x", 8)+time.Duration(i).String(), i)
		if _, ok := c.Get("kept"); !ok {
			t.Fatalf("what is in use was forgotten after %d others", i)
		}
	}
	if _, ok := c.Get(strings.Repeat("x", 8) + time.Duration(0).String()); !ok {
		t.Error("an entry was forgotten before two generations were full")
	}
	for i := range 40000 {
		c.Put("y"+time.Duration(i).String(), i)
	}
	if _, ok := c.Get(strings.Repeat("x", 8) + time.Duration(0).String()); ok {
		t.Error("an entry nobody uses was kept for ever")
	}
	c.Clear()
	if _, ok := c.Get("kept"); ok {
		t.Error("Clear left something")
	}
}
