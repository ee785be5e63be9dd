package otp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTyped bounds what is read of a typed code, in bytes: several text messages.
const maxTyped = 4096

// Normalize finds the one code of length digits in what a visitor typed or pasted. Decimal digits of every script
// count as their value, and invisible marks count for nothing. Then the first of these decides that finds something:
//
//   - All digits together, where nothing but spaces and punctuation stands around and between them: "123 456",
//     "#123456", "12-34-56".
//   - The digits that stand together and are as many as the code has: "Code: 123456. Valid 5 minutes".
//   - The digits that do so when spaces and dashes between them are left out: "Code: 123 456. Valid 5 minutes".
//
// Where two different codes are found, as in a message with another number of that length, none is meant more than
// the other. It reports false then, and where nothing is found.
func Normalize(typed string, length int) (string, bool) {
	if len(typed) > maxTyped {
		return "", false
	}
	plain := strings.Map(plainly, typed)
	if !strings.ContainsRune(plain, word) {
		if code := strings.Map(onlyDigits, plain); len(code) == length {
			return code, true
		}
	}
	together := strings.FieldsFunc(plain, func(r rune) bool { return !isDigit(r) })
	if code, found := single(together, length); found {
		return code, code != ""
	}
	joined := strings.FieldsFunc(plain, func(r rune) bool { return !isDigit(r) && r != gap })
	for i := range joined {
		joined[i] = strings.Map(onlyDigits, joined[i])
	}
	code, _ := single(joined, length)
	return code, code != ""
}

// single finds the one code of a length among groups of digits. It is "" where there are several; our own texts have
// their code twice. found is false where there is none.
func single(groups []string, length int) (code string, found bool) {
	for _, g := range groups {
		switch {
		case len(g) != length || g == code:
		case found:
			return "", true
		default:
			code, found = g, true
		}
	}
	return code, found
}

// What stands for everything that is not a digit.
const (
	gap  rune = ' ' // a space, a dash
	stop rune = '.' // a line end, a mark of punctuation, a symbol
	word rune = 'x' // a letter, a number that is no decimal digit
)

// plainly is an ASCII digit for a digit, gap, stop or word for everything else that can be seen, and -1 for what
// cannot.
func plainly(r rune) rune {
	switch {
	case isDigit(r):
		return r
	case unicode.Is(unicode.Nd, r):
		return '0' + valueOf(r)
	case strings.ContainsRune("\n\v\f\r\u0085\u2028\u2029", r):
		return stop
	case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), strings.ContainsRune(dashes, r):
		return gap
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Me, unicode.Other_Default_Ignorable_Code_Point):
		return -1
	case unicode.IsLetter(r), unicode.IsNumber(r), r == utf8.RuneError:
		return word
	}
	return stop
}

// dashes are marks that look like a dash and are none for Unicode: minus, and what the key of the dash writes on a
// Japanese keyboard, in full and half width.
const dashes = "\u2212\u30fc\uff70"

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func onlyDigits(r rune) rune {
	if isDigit(r) {
		return r
	}
	return -1
}

// valueOf is the value of a decimal digit. Unicode has the ten digits of a script in a row, from zero on.
func valueOf(digit rune) rune {
	for _, row := range unicode.Nd.R16 {
		if lo := rune(row.Lo); digit >= lo && digit <= rune(row.Hi) {
			return (digit - lo) % 10
		}
	}
	for _, row := range unicode.Nd.R32 {
		if lo := rune(row.Lo); digit >= lo && digit <= rune(row.Hi) {
			return (digit - lo) % 10
		}
	}
	return 0 // there is no other decimal digit
}
