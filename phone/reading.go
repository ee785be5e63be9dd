package phone

import (
	"errors"
	"fmt"

	"github.com/nyaruka/phonenumbers"
)

// reading is one number that a text can mean.
type reading struct {
	parsed *phonenumbers.PhoneNumber
	number Number
}

// read reads a text with the library. Errors of the library are not wrapped, because they could quote the number.
func read(written, region string) (reading, error) {
	parsed, err := phonenumbers.ParseAndKeepRawInput(written, region)
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode) && region == "":
		return reading{}, fmt.Errorf("%w: no country has its calling code", ErrNumber)
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return reading{}, ErrNoCountry
	case errors.Is(err, phonenumbers.ErrTooShortNSN), errors.Is(err, phonenumbers.ErrTooShortAfterIDD):
		return reading{}, ErrTooShort
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return reading{}, ErrTooLong
	case err != nil:
		return reading{}, ErrNumber
	}
	if err := possible(parsed); err != nil {
		return reading{}, err
	}
	formatted := phonenumbers.Format(parsed, phonenumbers.E164)
	if !e164.MatchString(formatted) {
		return reading{}, ErrNumber
	}
	return reading{parsed: parsed, number: Number(formatted)}, nil
}

// possible makes sure that a number has a length that is dialled in its country. A number that can be dialled within
// one town only is too short.
func possible(parsed *phonenumbers.PhoneNumber) error {
	switch phonenumbers.IsPossibleNumberWithReason(parsed) {
	case phonenumbers.IS_POSSIBLE:
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return ErrTooShort
	case phonenumbers.TOO_LONG:
		return ErrTooLong
	default:
		return fmt.Errorf("%w: no number of its country has so many digits", ErrNumber)
	}
	if parsed.GetExtension() != "" {
		return ErrCharacters
	}
	return nil
}

// readAll reads international spellings, and leaves out those that are no number.
func readAll(spellings ...string) []reading {
	var all []reading
	for _, s := range spellings {
		if r, err := read(s, ""); err == nil {
			all = append(all, r)
		}
	}
	return all
}

// unless is the number, unless the text can mean another one as well. Against a number that the plan of its country
// knows, or one that is dialled as the region dials abroad, only what could get a text counts as another reading;
// against a number of which only the length is right, every number does.
func (r reading) unless(others []reading) (Number, error) {
	abroad := r.parsed.GetCountryCodeSource() == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_IDD
	for _, other := range others {
		if other.number != r.number && (!abroad && !r.known() || other.textable()) {
			return "", ErrTwoReadings
		}
	}
	return r.number, nil
}

// known reports whether the plan of the number's country knows it.
func (r reading) known() bool { return phonenumbers.IsValidNumber(r.parsed) }

// textable reports whether a number can get a text: the plan of its country knows it, and not as a fixed line.
func (r reading) textable() bool {
	kind := phonenumbers.GetNumberType(r.parsed)
	return kind != phonenumbers.UNKNOWN && kind != phonenumbers.FIXED_LINE
}
