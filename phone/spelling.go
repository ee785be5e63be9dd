package phone

import "github.com/nyaruka/phonenumbers"

// The spellings of a number that providers ask for; E164 and Digits are two more.

// DoubleZero is the number with 00 in the place of its plus, as it is dialled in most countries.
func (n Number) DoubleZero() string {
	if n == "" {
		return ""
	}
	return "00" + n.Digits()
}

// National is the number as it is dialled inside its country, in digits only: "015123456789".
func (n Number) National() string {
	parsed, err := phonenumbers.Parse(string(n), "")
	if err != nil {
		return ""
	}
	return phonenumbers.NormalizeDigitsOnly(phonenumbers.Format(parsed, phonenumbers.NATIONAL))
}

// Country is the country of the number (ISO 3166-1, "DE"), or "" when it has none or is not known.
func (n Number) Country() string {
	parsed, err := phonenumbers.Parse(string(n), "")
	if err != nil {
		return ""
	}
	if region := phonenumbers.GetRegionCodeForNumber(parsed); len(region) == 2 && region != "ZZ" {
		return region
	}
	return ""
}
