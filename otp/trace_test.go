package otp_test

import (
	"testing"

	"github.com/caddy-sms-2fa/gateway/otp"
)

// What the store remembers of somebody is told without a write; of a stranger there is nothing.
func TestTrace(t *testing.T) {
	t.Parallel()
	v, store := newVerifier(t)
	p := otp.DefaultPolicy()
	trace := func(s otp.Subject) otp.Trace {
		t.Helper()
		found, err := v.Trace(t.Context(), s, p)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if got := trace(alice); got.Found() || got != (otp.Trace{}) {
		t.Errorf("a stranger: %+v", got)
	}
	ticket, code := begin(t, v, alice)
	if got := trace(alice); !got.Found() || got.Texts != 1 || got.Challenges != 1 || got.WrongCodes != 0 {
		t.Errorf("after a text: %+v", got)
	}
	for range p.Attempts {
		if _, err := v.Check(t.Context(), alice, ticket, p, number, wrongCode(code)); err != nil {
			t.Fatal(err)
		}
	}
	store.refuses.Store(true)
	if got := trace(alice); got.WrongCodes != 3 || got.BlockedFor <= 0 || got.BlockedFor > p.Block || got.Disabled {
		t.Errorf("blocked: %+v", got)
	}
	if got := trace(otp.Subject{Zone: "other", Name: "alice"}); got.Found() {
		t.Errorf("in another zone: %+v", got)
	}
}
