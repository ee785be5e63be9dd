package phone

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Kind is what a number is for, by the plan of its country.
type Kind string

// The kinds of numbers.
const (
	Mobile            Kind = "mobile"
	FixedLineOrMobile Kind = "fixed_line_or_mobile" // the plan does not tell the two apart, as in the United States
	FixedLine         Kind = "fixed_line"
	VoIP              Kind = "voip"
	Personal          Kind = "personal" // follows a person from line to line
	Company           Kind = "company"  // one number for all lines of a company
	TollFree          Kind = "toll_free"
	Unknown           Kind = "unknown" // the plan does not know the number

	// The kinds that are never texted: a text there costs a lot, or reaches nobody.
	Premium    Kind = "premium"
	SharedCost Kind = "shared_cost"
	Satellite  Kind = "satellite" // and all other numbers that belong to no country, like those of ships
	Pager      Kind = "pager"
	Voicemail  Kind = "voicemail"
	Short      Kind = "short" // a short code, or a number for emergencies
)

// Kinds lists the kinds that can be texted.
var Kinds = []Kind{Mobile, FixedLineOrMobile, FixedLine, VoIP, Personal, Company, TollFree, Unknown}

// ParseKind reads a kind that can be texted. The error quotes s and lists them.
func ParseKind(s string) (Kind, error) {
	if k := Kind(s); slices.Contains(Kinds, k) {
		return k, nil
	}
	return "", fmt.Errorf("%q is no kind of numbers that can be texted; expected %s", s, wordsOf(Kinds))
}

// Kind is the kind of a number.
func (n Number) Kind() Kind {
	parsed, err := phonenumbers.Parse(string(n), "")
	if err != nil {
		return Unknown
	}
	return kindOf(parsed)
}

// Texted reports whether numbers of a kind may be texted.
func (k Kind) Texted() bool { return slices.Contains(Kinds, k) }

var kinds = map[phonenumbers.PhoneNumberType]Kind{
	phonenumbers.MOBILE: Mobile, phonenumbers.FIXED_LINE_OR_MOBILE: FixedLineOrMobile,
	phonenumbers.FIXED_LINE: FixedLine, phonenumbers.VOIP: VoIP, phonenumbers.PERSONAL_NUMBER: Personal,
	phonenumbers.UAN: Company, phonenumbers.TOLL_FREE: TollFree, phonenumbers.PREMIUM_RATE: Premium,
	phonenumbers.SHARED_COST: SharedCost, phonenumbers.PAGER: Pager, phonenumbers.VOICEMAIL: Voicemail,
}

// noCountry is what the library calls the region of calling codes that belong to no country: +870 and +881 are
// satellites, +882 and +883 networks across countries, +979 is premium, +808 of shared cost.
const noCountry = "001"

func kindOf(parsed *phonenumbers.PhoneNumber) Kind {
	if phonenumbers.GetRegionCodeForCountryCode(int(parsed.GetCountryCode())) == noCountry {
		return Satellite
	}
	if k, known := kinds[phonenumbers.GetNumberType(parsed)]; known {
		return k
	}
	if phonenumbers.IsValidShortNumber(parsed) {
		return Short
	}
	return Unknown
}

func wordsOf(kinds []Kind) string {
	var words []string
	for _, k := range kinds {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}
