// Package phone reads, writes and masks telephone numbers.
//
// [Parse] makes a [Number] of what people write, in E.164 form. A text that could mean two numbers is refused, and the
// error says what to write instead (parse.go, reading.go, writing.go). A Number prints itself masked, so that logs,
// errors and pages show its last two digits and nothing else; E164, Digits, DoubleZero, National and Spaced are the
// only ways to the whole number: senders need it, and Spaced is for the visitor who has just given it. An [Area] is a
// country or a beginning of numbers; an operator limits senders with it. A [Kind] is what a number is for: some kinds
// are never texted, and Parse refuses them. A [Country] has a name, a calling code and an example number; with it,
// [ParseOwn] reads the number that a visitor gives as their own.
package phone

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// Number is a telephone number in E.164 form, with the plus: "+15005550006" (ITU-T E.164). The zero value is no
// number.
//
// Packages fmt, log/slog and encoding/json print a Number masked. Two ways around that remain: package fmt does not
// call the methods of a Number in an unexported field of a struct, and package json does not call them for the key
// of a map.
type Number string

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

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
