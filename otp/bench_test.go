package otp_test

import (
	"crypto/rand"
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// onBothStores runs a benchmark on each store.
func onBothStores(b *testing.B, f func(b *testing.B, v *otp.Verifier)) {
	open := map[string]func(b *testing.B) store.Store{
		"embedded": func(b *testing.B) store.Store {
			return boltstore.New(filepath.Join(b.TempDir(), "store.db"), time.Now)
		},
		"redis": func(b *testing.B) store.Store {
			return redisstore.New(redisstore.Options{Addresses: []string{testenv.StartRedis(b).Addr}, KeyPrefix: "b:"})
		},
	}
	for name, open := range open {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			b.Cleanup(func() { s.Close() })
			keys, err := otp.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			f(b, otp.NewVerifier(s, keys, rand.Reader))
		})
	}
}

// subject is the n-th of many.
func subject(n int) otp.Subject {
	return otp.Subject{Zone: "default", Name: string(binary.BigEndian.AppendUint64(nil, uint64(n)))}
}

// phoneOf is the phone of the n-th subject.
func phoneOf(n int) otp.Recipient { return otp.Recipient{Phone: subject(n).Name} }

func BenchmarkBegin(b *testing.B) {
	onBothStores(b, func(b *testing.B, v *otp.Verifier) {
		for n := 0; b.Loop(); n++ {
			o, err := v.Begin(b.Context(), subject(n), otp.Ticket{}, otp.DefaultPolicy(), phoneOf(n))
			if err != nil || o.Kind != otp.Sending {
				b.Fatal(o.Kind, err)
			}
		}
	})
}

// BenchmarkGuess is a wrong guess: read, count, compare.
func BenchmarkGuess(b *testing.B) {
	onBothStores(b, func(b *testing.B, v *otp.Verifier) {
		p := otp.DefaultPolicy()
		p.Attempts, p.Block = 10, 0
		var ticket otp.Ticket
		code := ""
		for n := 0; b.Loop(); n++ {
			if n%50 == 0 {
				b.StopTimer()
				o, err := v.Begin(b.Context(), subject(n), otp.Ticket{}, p, phoneOf(n))
				if err != nil {
					b.Fatal(err)
				}
				ticket, code = otp.Ticket{Challenge: o.Challenge.ID}, wrongCode(o.Dispatch.Code)
				b.StartTimer()
			}
			first := n - n%50
			o, err := v.Check(b.Context(), subject(first), ticket, p, phoneOf(first), code)
			if err != nil || o.Kind != otp.Wrong {
				b.Fatal(o.Kind, err)
			}
		}
	})
}

// BenchmarkLogin is a whole login without HTTP: challenge, result of the text, right code.
func BenchmarkLogin(b *testing.B) {
	onBothStores(b, func(b *testing.B, v *otp.Verifier) {
		p := otp.DefaultPolicy()
		for n := 0; b.Loop(); n++ {
			o, err := v.Begin(b.Context(), subject(n), otp.Ticket{}, p, phoneOf(n))
			if err != nil {
				b.Fatal(err)
			}
			sent := otp.Handover{Delivery: otp.DeliverySent}
			if _, err := v.Settle(b.Context(), subject(n), p, o.Dispatch, sent); err != nil {
				b.Fatal(err)
			}
			ticket := otp.Ticket{Challenge: o.Challenge.ID}
			o, err = v.Check(b.Context(), subject(n), ticket, p, phoneOf(n), o.Dispatch.Code)
			if err != nil || o.Kind != otp.Right {
				b.Fatal(o.Kind, err)
			}
		}
	})
}
