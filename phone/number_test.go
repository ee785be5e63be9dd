package phone_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
		{"brackets", "+1 (500) 555-0006", "", "+15005550006"},
		{"slash and dots", "030/901.820", "DE", "+4930901820"},
		{"trunk zero in brackets", "+49 (0)30 901820", "", "+4930901820"},
		{"zero that stays", "+39 06 1234567", "", "+39061234567"},
		{"other digits", "+1500555000６", "", "+15005550006"},
		{"line end", "+15005550006\n", "", "+15005550006"},
		{"shortest country", "+6834000", "", "+6834000"},
		{"extension", "+15005550006 ext 5", "", ""},
		{"extension by x", "5005550006 x5", "US", ""},
		{"extension by semicolon", "+15005550006;ext=5", "", ""},
		{"extension by hash", "+15005550006#5", "", ""},
		{"words for digits", "1-800-FLOWERS", "US", ""},
		{"words for digits, with a country", "+1 800 FLOWERS", "", ""},
		{"URI", "tel:+15005550006", "", ""},
		{"star", "*15005550006", "US", ""},
		{"within one town only", "555-0006", "US", ""},
		{"within one town only, with a country", "+15550006", "", ""},
		{"emergency", "112", "DE", ""},
		{"no such country", "+99915005550006", "", ""},
		{"no such region", "030 901820", "XX", ""},
		{"broken UTF-8", "+1500555\xff0006", "", ""},
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
			if err != nil && (!errors.Is(err, phone.ErrNumber) ||
				tt.raw != "" && strings.Contains(err.Error(), tt.raw)) {
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
	var lines bytes.Buffer
	slog.New(slog.NewTextHandler(&lines, nil)).Info("text", "number", n, "holder", holder)
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("text", "number", n, "holder", holder)
	for _, text := range []string{
		fmt.Sprint(n), fmt.Sprintf("%v %+v %#v %s %q %x %d", n, n, n, n, n, n, n),
		fmt.Sprintf("%v %+v %#v", holder, holder, &holder), string(js),
		n.Masked(), n.String(), n.LogValue().String(), lines.String(), fmt.Errorf("texting %s", n).Error(),
	} {
		if strings.Contains(text, "500555") || !strings.Contains(text, "06") {
			t.Errorf("printed as %s", text)
		}
	}
	if n.E164() != "+15005550006" || n.Digits() != "15005550006" {
		t.Error("the number itself is lost")
	}
}

func TestMaskTellsNoLength(t *testing.T) {
	t.Parallel()
	for _, n := range []phone.Number{"+6834006", "+15005550006", "+493090182000006"} {
		if n.Masked() != "••••••••06" {
			t.Errorf("%s is masked as %s", n.E164(), n.Masked())
		}
	}
	if none := phone.Number(""); none.Masked() != "" || none.Digits() != "" {
		t.Error("no number is shown as one")
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
		if err != nil && (n != "" || !errors.Is(err, phone.ErrNumber)) {
			t.Errorf("%q: number %q with error %v", raw, n.E164(), err)
		}
		if err == nil && strings.Trim(n.Masked(), "•") != n.E164()[len(n)-2:] {
			t.Errorf("%q is masked as %q", raw, n.Masked())
		}
	})
}
