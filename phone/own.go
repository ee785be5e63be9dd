package phone

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ParseOwn reads the number that a person gives as their own, beside its country. Other than Parse, it takes also what
// people write when they see the country in front: a number without the 0 that is dialled inside the country, or the
// country's digits without a plus. Of all that the text can mean, the one number counts that can get a text; where
// there are two, the error is ErrTwoReadings. Everything else is read as Parse reads it, with the same errors.
//
// A misread number does no harm here: it counts only after its owner has read the code from it.
func ParseOwn(raw string, country Country) (Number, error) {
	n, err := Parse(raw, string(country))
	if err == nil && n.plausible() {
		return n, nil
	}
	others := ownReadings(raw, country)
	switch {
	case len(others) == 1:
		return others[0], nil
	case len(others) > 1:
		return "", ErrTwoReadings
	}
	return n, err
}

// plausible reports whether the plan of its country has the number for a phone that can get a text.
func (n Number) plausible() bool {
	k := n.Kind()
	return k.Texted() && k != Unknown && k != FixedLine
}

// ownReadings are the numbers of a country that a text without a plus can mean, and that can get a text.
func ownReadings(raw string, country Country) []Number {
	written, err := plain(raw)
	if err != nil || strings.HasPrefix(written, "+") || !IsCountry(string(country)) {
		return nil
	}
	digits := phonenumbers.NormalizeDigitsOnly(written)
	var numbers []Number
	for _, r := range readAll(country.CallingCode()+digits, "+"+digits) {
		own := strings.HasPrefix(string(r.number), country.CallingCode())
		if own && r.number.plausible() && !slices.Contains(numbers, r.number) {
			numbers = append(numbers, r.number)
		}
	}
	return numbers
}
