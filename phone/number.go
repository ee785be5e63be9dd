// Package phone reads, writes and masks telephone numbers.
package phone

import (
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/nyaruka/phonenumbers"
)

// ErrNumber says that a text is not a telephone number that could be texted. It never holds the text.
var ErrNumber = errors.New("not a telephone number")

// maxRaw bounds what is parsed, in bytes.
const maxRaw = 40

// Number is a telephone number in E.164 form, with the plus: "+15005550006" (ITU-T E.164). The zero value is no number.
//
// However a Number is printed, it comes out masked; only E164 and Digits tell it.
type Number string

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// Parse reads a number as people write it. A number without a country is read as one of defaultRegion (ISO 3166-1, "DE");
// with "" it must begin with a plus. The number need only be possible, not assigned: plans of numbers change faster than
// tables of them, and numbers kept for tests are assigned to nobody.
func Parse(raw, defaultRegion string) (n Number, err error) {
	if len(raw) > maxRaw {
		return "", fmt.Errorf("reading number: %w: it is too long", ErrNumber)
	}
	defer func() {
		if recover() != nil {
			n, err = "", fmt.Errorf("reading number: %w", ErrNumber)
		}
	}()
	parsed, err := phonenumbers.Parse(raw, defaultRegion)
	if errors.Is(err, phonenumbers.ErrInvalidCountryCode) {
		return "", fmt.Errorf("reading number: %w: it has no country; write it with a plus, or set default_region", ErrNumber)
	}
	if err != nil {
		return "", fmt.Errorf("reading number: %w", ErrNumber)
	}
	if parsed.GetExtension() != "" || !phonenumbers.IsPossibleNumber(parsed) {
		return "", fmt.Errorf("reading number: %w: it has the wrong length, or an extension", ErrNumber)
	}
	formatted := phonenumbers.Format(parsed, phonenumbers.E164)
	if !e164.MatchString(formatted) {
		return "", fmt.Errorf("reading number: %w", ErrNumber)
	}
	return Number(formatted), nil
}

// E164 is the number with its plus.
func (n Number) E164() string { return string(n) }

// Digits is the number without its plus.
func (n Number) Digits() string {
	if n == "" {
		return ""
	}
	return string(n[1:])
}

// Masked tells the last two digits and nothing else, not even how many there are.
func (n Number) Masked() string {
	if len(n) < 4 {
		return ""
	}
	return "••••••••" + string(n[len(n)-2:])
}

// String is Masked.
func (n Number) String() string { return n.Masked() }

// Format writes the masked number whatever the verb, so that no way of logging tells it.
func (n Number) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, n.Masked()) }

// MarshalText is Masked.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.Masked()), nil }
