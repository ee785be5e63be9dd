// Package phone reads, writes and masks telephone numbers.
package phone

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// ErrNumber says that a text is not a telephone number that could be texted. It never holds the text.
var ErrNumber = errors.New("not a telephone number")

// maxRaw bounds what is parsed, in bytes.
const maxRaw = 40

// Number is a telephone number in E.164 form, with the plus: "+15005550006" (ITU-T E.164). The zero value is no number.
//
// However a Number is printed, it comes out masked; only E164 and Digits tell it. Two ways around that are beyond its reach:
// package fmt does not ask the unexported fields of a struct how they print, and package json not the keys of a map.
type Number string

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// Parse reads a number as people write it. A number without a country is read as one of defaultRegion (ISO 3166-1, "DE");
// with "" it must begin with a plus. Letters and extensions are refused, so that nobody is texted by a misreading.
//
// The number need only be possible, which is to say of a length that its country dials, not assigned: plans of numbers
// change faster than tables of them, and a number kept for tests, like +15005550006, is assigned to nobody.
func Parse(raw, defaultRegion string) (n Number, err error) {
	raw = strings.TrimSpace(raw)
	switch {
	case len(raw) > maxRaw:
		return "", fmt.Errorf("reading number: %w: it is too long", ErrNumber)
	case strings.ContainsFunc(raw, isForeign):
		return "", fmt.Errorf("reading number: %w: it has something other than digits, spaces and hyphens", ErrNumber)
	}
	// The library has panicked on odd input before; that must not take a request down.
	defer func() {
		if recover() != nil {
			n, err = "", fmt.Errorf("reading number: %w", ErrNumber)
		}
	}()
	return read(raw, defaultRegion)
}

// isForeign reports what nobody writes into a number that can be texted: the library would spell letters out as digits
// (1-800-FLOWERS), and take "tel:" and "x5" apart.
func isForeign(r rune) bool {
	return !unicode.Is(unicode.Nd, r) && !unicode.Is(unicode.Zs, r) && !unicode.Is(unicode.Pd, r) && !strings.ContainsRune("+＋()./", r)
}

// read leaves the cause of the library out of its errors: it could quote the number.
func read(raw, defaultRegion string) (Number, error) {
	parsed, err := phonenumbers.Parse(raw, defaultRegion)
	if errors.Is(err, phonenumbers.ErrInvalidCountryCode) {
		return "", fmt.Errorf("reading number: %w: it has no country; write it with a plus, or set default_region", ErrNumber)
	}
	if err != nil {
		return "", fmt.Errorf("reading number: %w", ErrNumber)
	}
	// IsPossibleNumber would let numbers through that can be dialled within one town only.
	if phonenumbers.IsPossibleNumberWithReason(parsed) != phonenumbers.IS_POSSIBLE || parsed.GetExtension() != "" {
		return "", fmt.Errorf("reading number: %w: it has the wrong length", ErrNumber)
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
func (n Number) Digits() string { return strings.TrimPrefix(string(n), "+") }

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

// LogValue is Masked.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// MarshalText is Masked.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.Masked()), nil }
