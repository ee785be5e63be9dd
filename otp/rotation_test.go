package otp_test

import (
	"bytes"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
)

// withSecrets is a verifier for the same accounts, with the secrets of these numbers.
func withSecrets(t *testing.T, s store.Store, numbers ...byte) *otp.Verifier {
	t.Helper()
	var secrets []otp.CodeKey
	for _, n := range numbers {
		secrets = append(secrets, otp.CodeKey{ID: string('0' + rune(n)), Key: bytes.Repeat([]byte{n}, 32)})
	}
	keys, err := otp.NewKeys([]byte("0123456789abcdef0123456789abcdef"), secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return otp.NewVerifier(s, keys, rand.Reader)
}

// A code that waits when the secret changes opens its session while its secret is listed, and nothing afterwards. A
// visitor whose code is over gets another one, and the wrong codes stay counted.
func TestSecretChangesWhileACodeWaits(t *testing.T) {
	t.Parallel()
	p := otp.DefaultPolicy()
	p.ResendAfter = 0
	for _, c := range []struct {
		name        string
		first, then []byte // numbers of secrets
		kind        otp.Kind
	}{
		{"the new secret comes first", []byte{1}, []byte{2, 1}, otp.Right},
		{"the old secret comes first", []byte{1}, []byte{1, 2}, otp.Right},
		{"the old secret is gone", []byte{1}, []byte{2}, otp.Expired},
		{"a secret comes where there was none", nil, []byte{1}, otp.Right},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := boltstore.New(filepath.Join(t.TempDir(), "store.db"), time.Now)
			t.Cleanup(func() { s.Close() })
			alice := otp.Subject{Zone: "default", Name: "alice"}
			before := withSecrets(t, s, c.first...)
			ticket, code := begin(t, before, alice)
			if o, err := before.Check(t.Context(), alice, ticket, p, number, another(code)); err != nil || o.Kind != otp.Wrong {
				t.Fatalf("wrong code: %s, %v", o.Kind, err)
			}
			v := withSecrets(t, s, c.then...)
			o, err := v.Check(t.Context(), alice, ticket, p, number, code)
			if err != nil || o.Kind != c.kind {
				t.Fatalf("the code: %s, %v, want %s", o.Kind, err, c.kind)
			}
			if c.kind == otp.Right {
				return
			}
			if left := o.Standing.AttemptsLeft; left != p.Attempts-1 {
				t.Errorf("%d tries left, want %d: the code that is over costs none and gives none back", left, p.Attempts-1)
			}
			o, err = v.Begin(t.Context(), alice, ticket, p, number)
			if err != nil || o.Kind != otp.Sending || o.Dispatch.Code == code {
				t.Fatalf("the next challenge: %s, %v", o.Kind, err)
			}
			ticket.Challenge = o.Challenge.ID
			if o, err := v.Check(t.Context(), alice, ticket, p, number, o.Dispatch.Code); err != nil || o.Kind != otp.Right {
				t.Errorf("its code: %s, %v", o.Kind, err)
			}
		})
	}
}

// another is a code of the same length that differs.
func another(code string) string {
	return code[:len(code)-1] + string((code[len(code)-1]-'0'+1)%10+'0')
}
