package phone

import "github.com/nyaruka/phonenumbers"

// Providers ask for numbers in different spellings. E164 and Digits are in number.go; the others follow.

// DoubleZero is the number with 00 instead of the plus, as it is dialled in most countries: "004915123456789".
func (n Number) DoubleZero() string {
	if n == "" {
		return ""
	}
	return "00" + n.Digits()
}

// National is the number as it is dialled inside its country, in digits only: "015123456789". It is "" for no number.
func (n Number) National() string {
	parsed, err := phonenumbers.Parse(string(n), "")
	if err != nil {
		return ""
	}
	return phonenumbers.NormalizeDigitsOnly(phonenumbers.Format(parsed, phonenumbers.NATIONAL))
}

// Country is the country of the number (ISO 3166-1, "DE"), or "" when the number belongs to no country, as satellite
// phones do, or when its country is not known.
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
