package otp

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Tries bounds the numbers that people without any may try. Here fraud enters: whoever passes the first factor chooses
// where texts go, and every text costs.
type Tries struct {
	// Account bounds the different numbers that one user gives, whether or not they can be used.
	Account []store.Limit
	// Address, Country and Total bound the texts to numbers that no code has proved: those asked for from one address
	// (one network of 64 bits in IPv6), those to one calling code, and all. A text counts no more once its code was
	// right, or once it could not be sent.
	Address, Country, Total []store.Limit
}

// Names of the limits, as the configuration spells them.
const (
	AccountLimit = "account_limit"
	AddressLimit = "address_limit"
	CountryLimit = "country_limit"
	TotalLimit   = "total_limit"
)

// Excess is a limit that allows no more for now; the zero value is none.
type Excess struct {
	Limit string
	Wait  time.Duration // until it does
}

// TryNumber counts a number that a user gives. The same number counts once.
func (v *Verifier) TryNumber(ctx context.Context, s Subject, number string, t Tries) (Excess, error) {
	wait, err := v.store.Take(ctx, v.keys.tries("account", s.Name), name(v.keys.try, s.Name, number), t.Account)
	if err != nil {
		return Excess{}, fmt.Errorf("counting number: %w", err)
	}
	return excess(AccountLimit, wait), nil
}

func excess(limit string, wait time.Duration) Excess {
	if wait <= 0 {
		return Excess{}
	}
	return Excess{limit, wait}
}

// TriedText is a text to a number that no code has proved.
type TriedText struct {
	ID          string
	Address     netip.Addr // of the visitor; the zero value is counted as one address
	CallingCode string     // of the number, like "+49"
}

// TryText counts a text before it is ordered. With an excess, or an error, it counts nowhere, or is given back.
func (v *Verifier) TryText(ctx context.Context, text TriedText, t Tries) (Excess, error) {
	for i, l := range v.limitsOf(text, t) {
		wait, err := v.store.Take(ctx, l.key, text.ID, l.limits)
		if err != nil {
			return Excess{}, fmt.Errorf("counting text: %w", err)
		}
		if wait > 0 {
			return excess(l.name, wait), v.give(ctx, text, v.limitsOf(text, t)[:i])
		}
	}
	return Excess{}, nil
}

// GiveText takes a text back that was counted: its code was right, or it did not go out.
func (v *Verifier) GiveText(ctx context.Context, text TriedText) error {
	return v.give(ctx, text, v.limitsOf(text, Tries{}))
}

func (v *Verifier) give(ctx context.Context, text TriedText, from []tryLimit) error {
	for _, l := range from {
		if err := v.store.Give(ctx, l.key, text.ID); err != nil {
			return fmt.Errorf("giving text back: %w", err)
		}
	}
	return nil
}

// tryLimit is a limit with its name, and with the key under which the store counts.
type tryLimit struct {
	name, key string
	limits    []store.Limit
}

// limitsOf are the limits that a text counts for: those of the fewest people first.
func (v *Verifier) limitsOf(text TriedText, t Tries) []tryLimit {
	return []tryLimit{
		{AddressLimit, v.keys.tries("address", network(text.Address)), t.Address},
		{CountryLimit, v.keys.tries("country", text.CallingCode), t.Country},
		{TotalLimit, v.keys.tries("total", ""), t.Total},
	}
}

// network is an address as it is counted: whoever has one address of IPv6 has a network of them.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a.String()
	}
	prefix, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return prefix.String()
}

// tries is the name under which tries are counted.
func (k *Keys) tries(of, whom string) string { return "t:" + name(k.try, of, whom) }
