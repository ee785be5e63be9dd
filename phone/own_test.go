package phone_test

import (
	"errors"
	"testing"

	"github.com/caddy-sms-2fa/gateway/phone"
)

func TestParseOwn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		raw     string
		country phone.Country
		want    phone.Number
	}{
		"as it is dialled":              {"0151 23456789", "DE", "+4915123456789"},
		"spaces and hyphens":            {" 0151-234 567 89 ", "DE", "+4915123456789"},
		"without the zero":              {"151 23456789", "DE", "+4915123456789"},
		"country without a plus":        {"4915123456789", "DE", "+4915123456789"},
		"country and zero":              {"+49 0151 23456789", "AM", "+4915123456789"},
		"zero in brackets":              {"+49 (0)151 23456789", "", "+4915123456789"},
		"double zero":                   {"0049 151 23456789", "AM", "+4915123456789"},
		"international, other country":  {"+37477123456", "DE", "+37477123456"},
		"Armenia":                       {"077 123456", "AM", "+37477123456"},
		"Armenia without the zero":      {"77 123456", "AM", "+37477123456"},
		"United States":                 {"(202) 555-0123", "US", "+12025550123"},
		"United States with the one":    {"1 202 555 0123", "US", "+12025550123"},
		"a zero that stays":             {"312 345 6789", "IT", "+393123456789"},
		"wrong country":                 {"0151 23456789", "AM", ""},
		"wrong country, without a zero": {"77 123456", "US", ""},
		"landline":                      {"030 901820", "DE", "+4930901820"},
		"premium":                       {"0900 1234567", "DE", ""},
		"premium without the zero":      {"900 1234567", "DE", ""},
		"emergency":                     {"112", "DE", ""},
		"letters":                       {"my phone", "DE", ""},
		"two numbers":                   {"0151 23456789, 0151 23456780", "DE", ""},
		"nothing":                       {"", "DE", ""},
		"no such country":               {"0151 23456789", "XX", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := phone.ParseOwn(tt.raw, tt.country)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%q in %s is %s, %v; want %s", tt.raw, tt.country, got.E164(), err, tt.want.E164())
			}
			if err != nil && !errors.Is(err, phone.ErrNumber) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func FuzzParseOwn(f *testing.F) {
	f.Add("0151 23456789", "DE")
	f.Add("4915123456789", "DE")
	f.Fuzz(func(t *testing.T, raw, country string) {
		n, err := phone.ParseOwn(raw, phone.Country(country))
		if (err == nil) != (n != "") || err == nil && !n.Kind().Texted() {
			t.Errorf("%q in %q is %s, %v", raw, country, n.E164(), err)
		}
	})
}
