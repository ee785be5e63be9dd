// Package directory finds the phone numbers that are on file for a user.
//
// A [Directory] answers one question: which numbers belong to this person? Each source of numbers has a file of its
// own: [File] reads a CSV or JSON file and notices when the file changes; [Inline] holds the users of the
// configuration; [LDAP], [SQL], [Redis] and [HTTP] ask a server. Directories in memory store users under their
// [Canonical] name, and expect that the caller looks a user up under that name.
//
// A directory that has all of its numbers at hand is [Reviewed]: a gate has it judge them before anybody asks for one.
//
// A directory returns the numbers as they were written down; package phone reads them. A user without a number is not
// an error. An error means that the directory cannot tell now, and the caller must not treat the error as "no number".
//
// A [Chain] is what a gate asks: several directories, in the order in which they were configured, each in a [Link]
// that keeps the rules which hold for every directory (time, number of questions at once, breaker, cache).
//
// To add a directory, implement [Directory] in a file of its own, let the suite in directorytest hold it to what a
// directory promises, and register it as a Caddy module sms_2fa.directories.<name>.
package directory

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Person is who a directory is asked about.
type Person struct {
	// Name is the Canonical name, by which the gate knows the user.
	Name string
	// Given is the name as the first factor wrote it. It differs from Name in letter case, spaces around it and the
	// like.
	Given string
}

// Directory finds the phone numbers of people.
type Directory interface {
	// Lookup finds the numbers of a person. Without any, the directory has no number for this person. An error, best of
	// all an *Error, says that the directory cannot tell now; neither the error nor its text may hold a name or a
	// number. Lookup may be called at once from many goroutines, and returns soon after ctx ends.
	Lookup(ctx context.Context, p Person) (Numbers, error)
}

// Immediate is a Directory that asks nobody, because the numbers are in memory or in the request itself. A Link asks
// it without a limit of time, and never lets two requests share an answer.
type Immediate interface {
	Directory
	// Immediate marks the directory.
	Immediate()
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
