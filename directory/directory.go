// Package directory finds the phone number that is on file for a user.
//
// A [Directory] answers one question: which number belongs to this user? [File] reads a CSV file and notices when it
// changes; [Inline] holds the users of the configuration. Both store users under their [Canonical] name, and expect
// that the caller looks a user up under that name.
//
// A directory that has all of its numbers at hand is [Reviewed]: a gate has it judge them before anybody asks for one.
//
// A directory returns the number as it was written down; package phone reads it. A user without a number is not an
// error. An error means that the directory cannot tell now, and the caller must not treat it as "no number".
//
// To add a directory, implement [Directory] in a file of its own, with a test of what happens when the source is slow,
// down or damaged, and register it as a Caddy module sms_2fa.directories.<name> in
// caddymodule/directories.
package directory

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Directory finds the phone numbers of users.
type Directory interface {
	// Lookup finds the number of a user. user is the Canonical name. number is the text as it was written down;
	// found is false when the directory has no number for the user. An error says that the directory cannot be asked
	// now. Lookup may be called at once from many goroutines, and returns soon after ctx ends.
	Lookup(ctx context.Context, user string) (number string, found bool, err error)
}

// Canonical is the one spelling of a user's name by which the gate knows the user: if the first factor takes "Alice"
// and "alice" for the same user, both have one account and share its counters. Letters are folded (Unicode case
// folding) and composed (NFKC), and spaces around the name are removed. The result is "" for a name that is empty,
// has control characters or is not valid UTF-8; no user may have it.
func Canonical(user string) string {
	if plain(user) {
		return user
	}
	if !utf8.ValidString(user) || strings.ContainsFunc(user, unicode.IsControl) {
		return ""
	}
	// Folding can undo composing, and composing can undo folding; after the second round neither changes the name.
	for range 2 {
		user = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(user)))
	}
	return strings.TrimSpace(user)
}

// plain reports whether a name has only printable ASCII characters that are neither spaces nor capital letters. Such a
// name is canonical as it stands; nearly all names are of this kind.
func plain(user string) bool {
	for i := range len(user) {
		c := user[i]
		if c <= ' ' || c >= 0x7f || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}
