package phone

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ErrNumber says that a text is not a telephone number to which a text message can be sent. The errors below it wrap
// ErrNumber and say what is wrong and what to write. None of them ever holds the text.
var ErrNumber = errors.New("not a telephone number")

// Why a text is refused. Every one of these errors is an ErrNumber too.
var (
	// ErrCharacters says that something other than a number stands there: letters, a note, a second number.
	ErrCharacters = fmt.Errorf("%w: it has something other than digits, spaces and hyphens; "+
		"write the number alone", ErrNumber)

	// ErrNoCountry says that the number has no country, and that there is no default region.
	ErrNoCountry = fmt.Errorf("%w: it has no country; write it with a plus, or set default_region", ErrNumber)

	// ErrTooShort says that the number has fewer digits than numbers of its country.
	ErrTooShort = fmt.Errorf("%w: it is too short; write all of it, with its country and a plus", ErrNumber)

	// ErrTooLong says that the number has more digits than numbers of its country.
	ErrTooLong = fmt.Errorf("%w: it is too long; write one number, with its country and a plus", ErrNumber)

	// ErrTwoReadings says that the text can mean more than one number.
	ErrTwoReadings = fmt.Errorf("%w: it has more than one reading; write it with its country and a plus",
		ErrNumber)

	// ErrNeverTexted says that the number is of a kind that is never texted (Kind.Texted).
	ErrNeverTexted = fmt.Errorf("%w: it is premium, of shared cost, of a satellite, a pager, a voicemail, an emergency "+
		"service or a short code, and none of these is ever texted; write the number of a mobile phone", ErrNumber)
)

// Parse reads a number as people write it. What has one meaning is read: spaces, hyphens, dots, slashes or parentheses
// between the digits, digits of every script, invisible marks, an apostrophe or quotes around the number. Letters,
// notes and extensions are refused.
//
// A number without a plus is read as a number of defaultRegion (ISO 3166-1, "DE"); with "" it must begin with a plus.
// No text may go to a stranger because a number was misread. So a number without a plus must be written as it is
// dialled in that region, with the 0 where that is dialled, and there must be no other number that it could mean: one
// whose plus was lost on the way ("4915112345678" is a number of Leer as well as one of a mobile phone), or one with
// the 00 or 011 of another country. A fixed line of another country is no such reading, because it gets no text.
//
// A number of a kind that is never texted is refused, like a premium one.
//
// The number must have a length that is dialled in its country. It need not be assigned: plans of numbers change
// faster than tables of them, and a number kept for tests, like +15005550006, is assigned to nobody.
//
// Every error wraps ErrNumber.
func Parse(raw, defaultRegion string) (n Number, err error) {
	// The library has panicked on odd input before; such a panic must not end the request.
	defer func() {
		if recover() != nil {
			n, err = "", ErrNumber
		}
		if err != nil {
			err = fmt.Errorf("reading number: %w", err)
		}
	}()
	n, err = readAny(raw, defaultRegion)
	if err == nil && !n.Kind().Texted() {
		return "", ErrNeverTexted
	}
	return n, err
}

func readAny(raw, defaultRegion string) (Number, error) {
	written, err := plain(raw)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(written, "+") {
		return readInternational(written)
	}
	if defaultRegion == "" {
		return "", ErrNoCountry
	}
	return readNational(written, defaultRegion)
}

// readInternational reads a number that begins with a plus. It may have a 0 in brackets, which is dialled inside the
// country only. The library leaves that 0 away where the country has one; elsewhere it could be part of the number.
func readInternational(written string) (Number, error) {
	r, err := read(written, "")
	if err != nil {
		return "", err
	}
	joined := strings.ReplaceAll(written, " ", "")
	if !strings.Contains(joined, "(0)") {
		return r.number, nil
	}
	return r.unless(readAll(strings.Replace(joined, "(0)", "", 1)))
}

// readNational reads a number without a plus as one of a region.
func readNational(written, region string) (Number, error) {
	r, err := read(written, region)
	if err != nil {
		return "", err
	}
	if !phonenumbers.IsNationalPrefixPresentIfRequired(r.parsed) {
		return "", fmt.Errorf("%w; in %s it would be dialled with a prefix, which it lacks", ErrTwoReadings, region)
	}
	digits := phonenumbers.NormalizeDigitsOnly(written)
	others := otherSpellings(digits, region)
	if !r.known() {
		others = append(others, "+"+strings.TrimLeft(digits, "0"))
	}
	return r.unless(readAll(others...))
}

// otherSpellings are the international spellings that the digits of a number without a plus can be a remainder of, or
// can stand for: the plus was lost; the country was; the 00 or 011 of another country, or the 0 of this one, stands
// where the plus should be.
func otherSpellings(digits, region string) []string {
	country := fmt.Sprint(phonenumbers.GetCountryCodeForRegion(region))
	spellings := []string{"+" + digits, "+" + country + digits}
	if strings.HasPrefix(digits, "00") {
		spellings = append(spellings, "+"+strings.TrimLeft(digits, "0"))
	}
	if behind, ok := strings.CutPrefix(digits, "011"); ok {
		spellings = append(spellings, "+"+behind)
	}
	if strings.HasPrefix(digits, "0"+country) {
		spellings = append(spellings, "+"+digits[1:])
	}
	return spellings
}
