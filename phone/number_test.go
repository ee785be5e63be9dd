package phone_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/phone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, raw, region string
		want              phone.Number
	}{
		{"E.164", "+15005550006", "", "+15005550006"},
		{"spaces and hyphens", " +1 500-555 0006 ", "", "+15005550006"},
		{"national", "030 901820", "DE", "+4930901820"},
		{"double zero", "0049 30 901820", "DE", "+4930901820"},
		{"plus beats region", "+37477123456", "DE", "+37477123456"},
		{"no country", "030 901820", "", ""},
		{"extension", "+15005550006 ext 5", "", ""},
		{"too short", "+1500", "", ""},
		{"too long", "+150055500061234567", "", ""},
		{"very long", "+1" + strings.Repeat("5", 100), "", ""},
		{"letters only", "hello", "US", ""},
		{"empty", "", "US", ""},
		{"two numbers", "+15005550006,+15005550009", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := phone.Parse(tt.raw, tt.region)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("Parse(%q) = %s, %v; want %s", tt.raw, got.E164(), err, tt.want.E164())
			}
			if err != nil && (!errors.Is(err, phone.ErrNumber) || tt.raw != "" && strings.Contains(err.Error(), tt.raw)) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestNumberIsMaskedHoweverItIsPrinted(t *testing.T) {
	t.Parallel()
	n := phone.Number("+15005550006")
	js, err := json.Marshal(map[string]any{"n": n})
	if err != nil {
		t.Fatal(err)
	}
	holder := struct{ N phone.Number }{n}
	for _, text := range []string{
		fmt.Sprint(n), fmt.Sprintf("%v %+v %#v %s %q %x %d", n, n, n, n, n, n, n), fmt.Sprintf("%+v %#v", holder, holder), string(js), n.Masked(),
	} {
		if strings.Contains(text, "500555") || !strings.Contains(text, "06") {
			t.Errorf("printed as %s", text)
		}
	}
	if n.E164() != "+15005550006" || n.Digits() != "15005550006" {
		t.Error("the number itself is lost")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("+15005550006", "")
	f.Add("030 901820", "DE")
	f.Add("tel:+1;ext=5;phone-context=x", "US")
	valid := regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	f.Fuzz(func(t *testing.T, raw, region string) {
		n, err := phone.Parse(raw, region)
		if err == nil && !valid.MatchString(n.E164()) {
			t.Errorf("%q is read as %q", raw, n.E164())
		}
	})
}
