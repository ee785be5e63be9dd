package otp_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store"
)

func tries(account, address, country, total int) otp.Tries {
	per := func(n int) []store.Limit { return []store.Limit{{Max: n, Per: time.Hour}} }
	return otp.Tries{Account: per(account), Address: per(address), Country: per(country), Total: per(total)}
}

func TestTryNumber(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	limits := tries(2, 9, 9, 9)
	for i, tt := range []struct {
		user, zone, number string
		want               string
	}{
		{"alice", "default", "+15005550006", ""},
		{"alice", "default", "+15005550006", ""}, // the same number counts once
		{"alice", "second", "+15005550007", ""},
		{"alice", "second", "+15005550008", otp.AccountLimit}, // a user is one person in every zone
		{"alice", "default", "+15005550006", ""},
		{"bob", "default", "+15005550008", ""},
	} {
		got, err := v.TryNumber(t.Context(), otp.Subject{Zone: tt.zone, Name: tt.user}, tt.number, limits)
		if err != nil || got.Limit != tt.want || (got.Wait > 0) != (tt.want != "") {
			t.Errorf("%d: %+v, %v; want %q", i, got, err, tt.want)
		}
	}
	if err := v.Unlock(t.Context(), alice, otp.DefaultPolicy()); err != nil {
		t.Fatal(err)
	}
	if got, err := v.TryNumber(t.Context(), alice, "+15005550009", limits); err != nil || got.Limit != "" {
		t.Errorf("after an operator's word: %+v, %v", got, err)
	}
}

func TestTryText(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limits otp.Tries
		second otp.TriedText
		want   string
	}{
		"address":          {tries(9, 1, 9, 9), textFrom("192.0.2.1", "+374"), otp.AddressLimit},
		"another address":  {tries(9, 1, 9, 9), textFrom("192.0.2.2", "+49"), ""},
		"country":          {tries(9, 9, 1, 9), textFrom("192.0.2.2", "+49"), otp.CountryLimit},
		"another country":  {tries(9, 9, 1, 9), textFrom("192.0.2.2", "+374"), ""},
		"total":            {tries(9, 9, 9, 1), textFrom("2001:db8::1", "+374"), otp.TotalLimit},
		"mapped address":   {tries(9, 1, 9, 9), textFrom("::ffff:192.0.2.1", "+374"), otp.AddressLimit},
		"within all":       {tries(9, 2, 2, 2), textFrom("192.0.2.1", "+49"), ""},
		"no address known": {tries(9, 1, 9, 9), otp.TriedText{CallingCode: "+49"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, _ := newVerifier(t)
			first := textFrom("192.0.2.1", "+49")
			first.ID, tt.second.ID = "first", "second"
			if got, err := v.TryText(t.Context(), first, tt.limits); err != nil || got.Limit != "" {
				t.Fatalf("%+v, %v", got, err)
			}
			got, err := v.TryText(t.Context(), tt.second, tt.limits)
			if err != nil || got.Limit != tt.want || (got.Wait > 0) != (tt.want != "") {
				t.Fatalf("%+v, %v; want %q", got, err, tt.want)
			}
			if tt.want == "" {
				return
			}
			// What was refused counts nowhere, and what is given back counts no more.
			if err := v.GiveText(t.Context(), first); err != nil {
				t.Fatal(err)
			}
			if got, err := v.TryText(t.Context(), tt.second, tt.limits); err != nil || got.Limit != "" {
				t.Errorf("after the first was given back: %+v, %v", got, err)
			}
		})
	}
}

func textFrom(address, code string) otp.TriedText {
	return otp.TriedText{Address: netip.MustParseAddr(address), CallingCode: code}
}

// In IPv6 a network of 64 bits is one address: whoever has one has all of it.
func TestTriesByNetwork(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	limits := tries(9, 3, 99, 99)
	for i := range 5 {
		text := textFrom(fmt.Sprintf("2001:db8:0:1::%x", i+1), "+49")
		text.ID = fmt.Sprint(i)
		got, err := v.TryText(t.Context(), text, limits)
		if err != nil || (got.Limit != "") != (i >= 3) {
			t.Errorf("text %d: %+v, %v", i, got, err)
		}
	}
	other := textFrom("2001:db8:0:2::1", "+49")
	other.ID = "other"
	if got, err := v.TryText(t.Context(), other, limits); err != nil || got.Limit != "" {
		t.Errorf("another network: %+v, %v", got, err)
	}
}

// A visitor who corrects a number need not keep the pause; the old code is over, and the limits hold all the same.
func TestLeave(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	p := otp.DefaultPolicy()
	ticket := otp.Ticket{Browser: otp.BrowserID{1}}
	right := otp.Recipient{Phone: "+15005550007"}
	o, err := v.Begin(t.Context(), alice, ticket, p, number)
	if err != nil || o.Kind != otp.Sending {
		t.Fatalf("%s, %v", o.Kind, err)
	}
	wrong := otp.Ticket{Browser: ticket.Browser, Challenge: o.Challenge.ID}
	if err := v.Leave(t.Context(), alice, p, number.Phone); err != nil {
		t.Fatal(err)
	}
	if again, err := v.Begin(t.Context(), alice, wrong, p, number); err != nil || again.Kind != otp.Waiting {
		t.Errorf("the same number was left: %s, %v", again.Kind, err)
	}
	if early, err := v.Begin(t.Context(), alice, wrong, p, right); err != nil || early.Kind != otp.Limited {
		t.Errorf("without leaving: %s, %v", early.Kind, err)
	}
	texts := 1
	for _, to := range []otp.Recipient{right, number, right, number, right, number} {
		if err := v.Leave(t.Context(), alice, p, to.Phone); err != nil {
			t.Fatal(err)
		}
		o, err := v.Begin(t.Context(), alice, wrong, p, to)
		if err != nil {
			t.Fatal(err)
		}
		if o.Kind == otp.Sending {
			texts++
		}
	}
	if want := p.Sends[0].Max; texts != want {
		t.Errorf("%d texts, want %d", texts, want)
	}
	if o, err := v.Check(t.Context(), alice, wrong, p, number, o.Dispatch.Code); err != nil || o.Kind != otp.Expired {
		t.Errorf("a code of a number that was left: %s, %v", o.Kind, err)
	}
}
