// Package phone reads, writes and masks telephone numbers.
//
// [Parse] makes a [Number] of what people write, in E.164 form. A Number prints itself masked, so that logs, errors
// and pages show its last two digits and nothing else; E164, Digits, DoubleZero and National are the only ways to
// the whole number, and only senders need them. An [Area] is a country or a beginning of numbers; an operator limits
// senders with it.
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

// ErrNumber says that a text is not a telephone number to which a text message can be sent. The error never holds the
// text.
var ErrNumber = errors.New("not a telephone number")

// maxRaw is the size in bytes of the longest text that is parsed.
const maxRaw = 40

// Number is a telephone number in E.164 form, with the plus: "+15005550006" (ITU-T E.164). The zero value is no
// number.
//
// Packages fmt, log/slog and encoding/json print a Number masked. Two ways around that remain: package fmt does not
// call the methods of a Number in an unexported field of a struct, and package json does not call them for the key
// of a map.
type Number string

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// Parse reads a number as people write it, with spaces, hyphens, dots, slashes or parentheses. A number without a
// country is read as a number of defaultRegion (ISO 3166-1, "DE"); with "" it must begin with a plus. Letters and
// extensions are refused, so that no text goes to a stranger because a number was misread. Every error wraps
// ErrNumber.
//
// The number must have a length that is dialled in its country. It need not be assigned: plans of numbers change
// faster than tables of them, and a number kept for tests, like +15005550006, is assigned to nobody.
func Parse(raw, defaultRegion string) (n Number, err error) {
	raw = strings.TrimSpace(raw)
	switch {
	case len(raw) > maxRaw:
		return "", fmt.Errorf("reading number: %w: it is too long", ErrNumber)
	case strings.ContainsFunc(raw, isForeign):
		return "", fmt.Errorf("reading number: %w: it has something other than digits, spaces and hyphens", ErrNumber)
	}
	// The library has panicked on odd input before; such a panic must not end the request.
	defer func() {
		if recover() != nil {
			n, err = "", fmt.Errorf("reading number: %w", ErrNumber)
		}
	}()
	return read(raw, defaultRegion)
}

// isForeign reports whether a character is refused in a number. The library would turn letters into digits
// (1-800-FLOWERS), and would read the prefix "tel:" and the extension "x5".
func isForeign(r rune) bool {
	return !unicode.Is(unicode.Nd, r) && !unicode.Is(unicode.Zs, r) && !unicode.Is(unicode.Pd, r) &&
		!strings.ContainsRune("+＋()./", r)
}

// read parses a number with the library. Errors of the library are not wrapped, because they could quote the number.
func read(raw, defaultRegion string) (Number, error) {
	parsed, err := phonenumbers.Parse(raw, defaultRegion)
	if errors.Is(err, phonenumbers.ErrInvalidCountryCode) {
		return "", fmt.Errorf("reading number: %w: it has no country; write it with a plus, or set default_region",
			ErrNumber)
	}
	if err != nil {
		return "", fmt.Errorf("reading number: %w", ErrNumber)
	}
	// IsPossibleNumber would accept numbers that can be dialled within one town only.
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

// Masked is the last two digits behind eight dots, which do not tell how many digits the number has; "" for no number.
func (n Number) Masked() string {
	if len(n) < 4 {
		return ""
	}
	return "••••••••" + string(n[len(n)-2:])
}

// String is Masked.
func (n Number) String() string { return n.Masked() }

// Format writes the masked number for every verb of package fmt, also for %d, %x and %#v.
func (n Number) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, n.Masked()) }

// LogValue is Masked.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// MarshalText is Masked.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.Masked()), nil }
