package phone

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Area is a set of numbers: those with a common beginning, like "+374", or those of a country, like "AM" (ISO 3166-1).
type Area string

// ParseArea reads an area: a plus and one to 15 digits, of which the first is not 0, or a country in two capital
// letters of which the numbers are known. Anything else is an error, "" and a country in small letters too; the
// error quotes s and says what to write.
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

// Has reports whether a number lies in the area. Countries that share a beginning, like the United States and
// Canada, are told apart by the digits behind it. A number whose country is not known (Number.Country is "") lies in
// no country.
func (a Area) Has(n Number) bool {
	if strings.HasPrefix(string(a), "+") {
		return strings.HasPrefix(string(n), string(a))
	}
	return n.Country() == string(a)
}

// Anywhere reports whether a number lies in at least one of the areas.
func Anywhere(areas []Area, n Number) bool {
	return slices.ContainsFunc(areas, func(a Area) bool { return a.Has(n) })
}
