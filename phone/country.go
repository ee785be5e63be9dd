package phone

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// Country is a country or territory whose numbers are known (ISO 3166-1, "DE").
type Country string

// Countries are all of them, sorted.
var Countries = sync.OnceValue(func() []Country {
	var all []Country
	for region := range phonenumbers.GetSupportedRegions() {
		all = append(all, Country(region))
	}
	slices.Sort(all)
	return all
})

// IsCountry reports whether s is a Country.
func IsCountry(s string) bool { return phonenumbers.GetSupportedRegions()[s] }

// CallingCode is what numbers of the country begin with, like "+49". Countries may share one.
func (c Country) CallingCode() string {
	return "+" + strconv.Itoa(phonenumbers.GetCountryCodeForRegion(string(c)))
}

// Example is a number of a mobile phone, as the plan of the country gives it for an example: as it is dialled in the
// country, and with its plus. Both are "" where the plan has none; the first one alone is "" where it has two
// readings.
func (c Country) Example() (national, international string) {
	example := phonenumbers.GetExampleNumberForType(string(c), phonenumbers.MOBILE)
	if example == nil {
		return "", ""
	}
	national = phonenumbers.Format(example, phonenumbers.NATIONAL)
	if _, err := ParseOwn(national, c); err != nil {
		national = ""
	}
	return national, phonenumbers.Format(example, phonenumbers.INTERNATIONAL)
}

// Name is the country's name in a language, or in English where its name in that language is not known.
func (c Country) Name(tongue language.Tag) string {
	region, err := language.ParseRegion(string(c))
	if err != nil {
		return string(c)
	}
	if names := display.Regions(tongue); names != nil {
		if name := names.Name(region); name != "" {
			return name
		}
	}
	return display.English.Regions().Name(region)
}

// SortByName sorts countries as a reader of a language finds them in a list: by name, whatever the accents.
func SortByName(countries []Country, tongue language.Tag) {
	keys := make(map[Country]string, len(countries))
	for _, c := range countries {
		keys[c] = strings.ToLower(unaccented(c.Name(tongue)))
	}
	slices.SortStableFunc(countries, func(a, b Country) int { return strings.Compare(keys[a], keys[b]) })
}

// unaccented is a text without the marks on its letters.
func unaccented(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// CallingCode is what the number begins with, like "+49"; "" when that is not known.
func (n Number) CallingCode() string {
	parsed, err := phonenumbers.Parse(string(n), "")
	if err != nil {
		return ""
	}
	return "+" + strconv.Itoa(int(parsed.GetCountryCode()))
}

// Spaced is the whole number as people write it, with its plus: "+49 1512 3456789". It is for its owner alone.
func (n Number) Spaced() string {
	parsed, err := phonenumbers.Parse(string(n), "")
	if err != nil {
		return string(n)
	}
	return phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL)
}
