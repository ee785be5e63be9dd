package phone_test

import (
	"testing"

	"github.com/caddy-sms-2fa/gateway/phone"
)

func TestArea(t *testing.T) {
	t.Parallel()
	tests := []struct {
		area   string
		number phone.Number
		want   bool
	}{
		{"+374", "+37410123456", true},
		{"+374", "+15005550006", false},
		{"AM", "+37410123456", true},
		{"DE", "+4915123456789", true},
		{"US", "+12025550123", true},
		{"CA", "+12025550123", false},
		{"US", "+15005550006", true},
		{"+1", "+15005550006", true},
	}
	for _, tt := range tests {
		a, err := phone.ParseArea(tt.area)
		if err != nil || a.Has(tt.number) != tt.want {
			t.Errorf("%s has %s: %v, want %v (%v)", tt.area, tt.number.E164(), a.Has(tt.number), tt.want, err)
		}
	}
	for _, bad := range []string{"", "+", "374", "am", "XX", "+0", "+37a", "+1234567890123456", "Armenia"} {
		if _, err := phone.ParseArea(bad); err == nil {
			t.Errorf("%q is an area", bad)
		}
	}
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		number                      phone.Number
		digits, zeros, home, region string
	}{
		{"+4915123456789", "4915123456789", "004915123456789", "015123456789", "DE"},
		{"+12025550123", "12025550123", "0012025550123", "2025550123", "US"},
		{"", "", "", "", ""},
	} {
		n := tt.number
		if n.Digits() != tt.digits || n.DoubleZero() != tt.zeros || n.National() != tt.home ||
			n.Country() != tt.region {
			t.Errorf("%s: %s %s %s %s", n.E164(), n.Digits(), n.DoubleZero(), n.National(), n.Country())
		}
	}
}
