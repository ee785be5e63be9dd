package otp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
)

func TestSeal(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	b := otp.BrowserID{1}
	u := otp.Unproven{
		Number: number.Phone, Try: "abc", Texts: 2, Until: now.Add(10 * time.Minute),
		Opened: &otp.Opened{Session: "s", At: now, Stamp: 7},
	}
	sealed, err := v.Seal(alice, b, u)
	if err != nil || strings.Contains(sealed, "5005550006") {
		t.Fatalf("sealed as %q, %v", sealed, err)
	}
	if again, _ := v.Seal(alice, b, u); again == sealed {
		t.Error("two seals are the same")
	}
	got, ok := v.Open(alice, b, sealed, now)
	if !ok || got.Number != u.Number || got.Try != u.Try || got.Texts != 2 || *got.Opened != *u.Opened {
		t.Errorf("opened as %+v, %v", got, ok)
	}
	o := got.Opened.Outcome(now.Add(time.Minute))
	if o.Kind != otp.Right || o.Session != "s" || o.Stamp != 7 || o.OpenedAgo != time.Minute {
		t.Errorf("outcome %+v", o)
	}
	keys, err := otp.NewKeys([]byte("another epoch's root, 32 bytes.."))
	if err != nil {
		t.Fatal(err)
	}
	other := otp.NewVerifier(nil, keys, nil)
	for name, open := range map[string]func() bool{
		"another user": func() bool {
			_, ok := v.Open(otp.Subject{Zone: "default", Name: "bob"}, b, sealed, now)
			return ok
		},
		"another zone":    func() bool { _, ok := v.Open(otp.Subject{Zone: "z", Name: "alice"}, b, sealed, now); return ok },
		"another browser": func() bool { _, ok := v.Open(alice, otp.BrowserID{2}, sealed, now); return ok },
		"another epoch":   func() bool { _, ok := other.Open(alice, b, sealed, now); return ok },
		"too old":         func() bool { _, ok := v.Open(alice, b, sealed, u.Until); return ok },
		"cut off":         func() bool { _, ok := v.Open(alice, b, sealed[:len(sealed)-4], now); return ok },
		"empty":           func() bool { _, ok := v.Open(alice, b, "", now); return ok },
		"very long":       func() bool { _, ok := v.Open(alice, b, strings.Repeat("A", 5000), now); return ok },
		"changed": func() bool {
			_, ok := v.Open(alice, b, strings.Map(func(r rune) rune {
				if r == 'A' {
					return 'B'
				}
				return 'A'
			}, sealed), now)
			return ok
		},
	} {
		if open() {
			t.Errorf("%s can open the seal", name)
		}
	}
}

func FuzzOpen(f *testing.F) {
	v, _ := newVerifier(f)
	sealed, _ := v.Seal(alice, otp.BrowserID{}, otp.Unproven{Number: number.Phone, Until: time.Now().Add(time.Hour)})
	f.Add(sealed[:20])
	f.Fuzz(func(t *testing.T, s string) {
		if _, ok := v.Open(alice, otp.BrowserID{}, s, time.Now()); ok {
			t.Errorf("%q can be opened", s)
		}
	})
}
