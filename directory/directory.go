// Package directory finds the phone number that is on file for a user: one file a source.
package directory

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Directory finds phone numbers.
type Directory interface {
	// Lookup finds the number of a user, who is named in the canonical spelling. That nothing is on file is a value, not
	// an error. The number is as it was written down. Lookup may be called at once from many goroutines, and returns soon
	// after ctx ends.
	Lookup(ctx context.Context, user string) (number string, found bool, err error)
}

// Canonical is the one spelling of a user's name: however the first factor lets somebody write it, it is one account.
// Letters are folded (Unicode case folding) and composed (NFKC), and outer spaces go. A name with control characters or
// broken UTF-8 is nobody's: "".
func Canonical(user string) string {
	if plain(user) {
		return user
	}
	if !utf8.ValidString(user) || strings.ContainsFunc(user, unicode.IsControl) {
		return ""
	}
	// Folding can undo composing and the other way round; the second round settles both.
	for range 2 {
		user = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(user)))
	}
	return strings.TrimSpace(user)
}

// plain reports whether a name is in its canonical spelling at first sight: printable ASCII in lower case.
func plain(user string) bool {
	for i := range len(user) {
		c := user[i]
		if c <= ' ' || c >= 0x7f || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}
