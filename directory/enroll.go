package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/store"
)

// Enrolling is a directory whose users may give their number themselves, if no directory has any for them. It stands
// last in its chain.
type Enrolling interface {
	Directory

	// Enrolment is on which terms they may.
	Enrolment() Enrolment
}

// Registered is a directory of the numbers in the register. Before the first lookup it is told how to find them.
type Registered interface {
	Directory

	UseRegister(find func(ctx context.Context, user string) ([]phone.Number, error))
}

// Enrolment is what an operator has decided about the numbers that visitors give.
type Enrolment struct {
	// Countries are those whose numbers may be given; none allows all.
	Countries []phone.Country
	// Kinds are the kinds of numbers that may be given. Default: DefaultKinds.
	Kinds []phone.Kind
	// Shared tells that a number may belong to several users.
	Shared bool
	// Invited tells that a user needs an invitation of the operator to give a number.
	Invited bool
	// Account, Address, Country and Total bound how many numbers may be tried: by one user, from one address, in one
	// country, and in all. Defaults: those below.
	Account, Address, Country, Total []store.Limit
}

// DefaultKinds are the kinds of numbers that phones in pockets have.
var DefaultKinds = []phone.Kind{phone.Mobile, phone.FixedLineOrMobile}

// Defaults of the limits: 3,000 people of one campus, behind one address, can enrol in a morning, and an attack is
// over soon.
const (
	DefaultAccountLimit = "10 per 24h"
	DefaultAddressLimit = "400 per 1h"
	DefaultCountryLimit = "500 per 1h"
	DefaultTotalLimit   = "600 per 1h, 1000 per 24h"
)

// AllowCountries reads the countries whose numbers may be given. The error quotes the first that is none.
func (e *Enrolment) AllowCountries(names []string) error {
	e.Countries = nil
	for _, name := range names {
		if !phone.IsCountry(name) {
			return fmt.Errorf("countries: %q is not a country like AM (ISO 3166-1, two capital letters)", name)
		}
		if !slices.Contains(e.Countries, phone.Country(name)) {
			e.Countries = append(e.Countries, phone.Country(name))
		}
	}
	return nil
}

// AllowKinds reads the kinds of numbers that may be given; none are DefaultKinds. The error quotes the first that is
// none, or that is never texted.
func (e *Enrolment) AllowKinds(names []string) error {
	e.Kinds = nil
	for _, name := range names {
		kind, err := phone.ParseKind(name)
		if err != nil {
			return fmt.Errorf("kinds: %w", err)
		}
		e.Kinds = append(e.Kinds, kind)
	}
	if len(e.Kinds) == 0 {
		e.Kinds = DefaultKinds
	}
	return nil
}

// Why a number may not be used. It is for the log; a visitor is told the same whatever the reason.
const (
	RefusedForm    = "form"    // it is no number
	RefusedCountry = "country" // of a country that is not allowed
	RefusedKind    = "kind"    // of a kind that is not allowed
	RefusedTaken   = "taken"   // it is another user's

	RefusedUninvited = "uninvited" // the user has no invitation, or has given another code
)

// Read reads the number that a visitor gives as their own, beside its country, which may be "". why is "" for a number
// that the terms allow.
func (e Enrolment) Read(raw, country string) (n phone.Number, why string) {
	n, err := phone.ParseOwn(raw, phone.Country(country))
	switch {
	case errors.Is(err, phone.ErrNeverTexted):
		return "", RefusedKind
	case err != nil:
		return "", RefusedForm
	case !e.allows(n.Country()):
		return n, RefusedCountry
	case !slices.Contains(e.Kinds, n.Kind()):
		return n, RefusedKind
	}
	return n, ""
}

func (e Enrolment) allows(country string) bool {
	return len(e.Countries) == 0 && country != "" || slices.Contains(e.Countries, phone.Country(country))
}
