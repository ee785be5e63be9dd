package phone

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Area is a part of the world's numbers: those that begin alike, "+374", or those of a country, "AM" (ISO 3166-1).
type Area string

// ParseArea reads an area: a plus and one to 15 digits, or a country in two capital letters.
func ParseArea(s string) (Area, error) {
	digits, prefix := strings.CutPrefix(s, "+")
	switch {
	case prefix && digits != "" && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == "":
		return Area(s), nil
	case !prefix && phonenumbers.GetSupportedRegions()[s]:
		return Area(s), nil
	}
	return "", fmt.Errorf("%q is neither the beginning of numbers, like +374, nor a country, like AM", s)
}

// Has reports whether a number lies in the area. Countries that share a beginning, as the United States and Canada do, are
// told apart; a number of which it is not known where it belongs lies in no country.
func (a Area) Has(n Number) bool {
	if strings.HasPrefix(string(a), "+") {
		return strings.HasPrefix(string(n), string(a))
	}
	return n.Country() == string(a)
}

// Anywhere reports whether a number lies in one of areas.
func Anywhere(areas []Area, n Number) bool {
	return slices.ContainsFunc(areas, func(a Area) bool { return a.Has(n) })
}
