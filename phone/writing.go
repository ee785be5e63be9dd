package phone

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxRaw is the size in bytes of the longest text that is looked at, and maxWritten that of the longest number in it.
const (
	maxRaw     = 256
	maxWritten = 40
)

// quotes are what spreadsheets and people put around a number.
const quotes = "'‘’ʼ`\"“”"

// plain is a number as it was written, in ASCII: digits of every script as digits, every hyphen as -, every space as a
// space, without invisible marks and without quotes around. It is an error if anything else is left, or if the
// number's parts stand as they do in no single number.
func plain(raw string) (string, error) {
	if len(raw) > maxRaw {
		return "", ErrTooLong
	}
	if !utf8.ValidString(raw) {
		return "", ErrCharacters
	}
	written := strings.Map(plainRune, unquoted(visible(raw)))
	if behind, ok := strings.CutPrefix(written, "(+"); ok { // (+49) 30 901820
		written = "+" + strings.Replace(behind, ")", " ", 1)
	}
	switch {
	case strings.ContainsRune(written, utf8.RuneError):
		return "", ErrCharacters
	case written == "":
		return "", ErrNumber
	case len(written) > maxWritten:
		return "", ErrTooLong
	case !single(written):
		return "", ErrCharacters
	}
	return written, nil
}

// visible is a text without the marks that nobody sees: those that steer the direction of writing (U+202A and its
// kin), joiners, soft hyphens, byte order marks, variation selectors.
func visible(raw string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, raw)
}

// unquoted is a text without spaces and quotes around it. A spreadsheet writes ="+15005550006" so that the number
// stays a text.
func unquoted(text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, `="`) {
		text = text[1:]
	}
	return strings.TrimSpace(strings.Trim(text, quotes))
}

// plainRune is a character of a number in ASCII, and utf8.RuneError for one that stands in no number. The library
// would turn letters into digits (1-800-FLOWERS), and would read the prefix "tel:" and the extension "x5".
func plainRune(r rune) rune {
	switch {
	case unicode.Is(unicode.Nd, r):
		return digit(r)
	case unicode.Is(unicode.Zs, r) || r == '\t':
		return ' '
	case unicode.Is(unicode.Pd, r) || r == '\u2212': // the minus sign
		return '-'
	case r == '＋' || r == '﹢':
		return '+'
	case strings.ContainsRune("+()./", r):
		return r
	}
	return utf8.RuneError
}

// digit is a decimal digit of any script in ASCII. Unicode keeps the ten digits of a script together, in order.
func digit(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return utf8.RuneError
}

// single reports whether the signs between the digits stand where they do in one number: the plus in front, brackets
// around what can be a prefix, a slash behind what can be one and no decimal fraction at the end. "+4930901820/21" is
// two numbers, "030 901820 (2)" is a number and a note, "4915112345678.0" is what a program made of a number.
func single(written string) bool {
	first, last := written[:1], written[len(written)-1:]
	if !strings.ContainsAny(first, "+(0123456789") || !strings.ContainsAny(last, ")0123456789") {
		return false
	}
	if strings.LastIndexByte(written, '+') > 0 {
		return false
	}
	if bracket := strings.LastIndexByte(written, '('); bracket >= 0 && digits(written[:bracket]) > longestCountry {
		return false
	}
	if slash := strings.LastIndexByte(written, '/'); slash >= 0 &&
		(digits(written[:slash]) > longestPrefix || digits(written[slash:]) < shortestRest) {
		return false
	}
	return !isFraction(written)
}

const (
	longestCountry = 5 // digits of a country with its 00, before a bracket: "00375 (29)"
	longestPrefix  = 8 // digits of a country and a town, before a slash: "0049 4930/"
	shortestRest   = 4 // digits behind a slash
)

// isFraction reports whether a number has one dot, behind a run of digits that no person writes in front of a dot, and
// only one or two digits behind it.
func isFraction(written string) bool {
	whole, fraction, dotted := strings.Cut(written, ".")
	return dotted && len(fraction) <= 2 && digits(whole) >= 7 && !strings.ContainsAny(whole, " -/()")
}

func digits(s string) int {
	n := 0
	for _, c := range s {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}
