package sms

import (
	"strings"
	"unicode/utf16"
)

// The characters of GSM 03.38 (3GPP TS 23.038 6.2.1): basic ones take one septet, extended ones two.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
		"¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// Segments is how many parts a text is sent and billed in (3GPP TS 23.040 9.2.3.24.1). foreign is the first character that
// is not in GSM-7 and so forces the shorter UCS-2 parts on the whole text, 0 when there is none.
func Segments(text string) (parts int, foreign rune) {
	for _, r := range text {
		if septets(r) == 0 {
			return split(text, units, 70, 67), r
		}
	}
	return split(text, septets, 160, 153), 0
}

// GSM7 reports whether a text can be sent in GSM-7.
func GSM7(text string) bool {
	_, foreign := Segments(text)
	return foreign == 0
}

// septets is what a character takes in GSM-7, 0 when it is not in there.
func septets(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	}
	return 0
}

// units is what a character takes in UCS-2.
func units(r rune) int { return len(utf16.AppendRune(nil, r)) }

// split is how many parts a text takes when one part alone holds single, and each of several holds part. A character is
// never cut in two.
func split(text string, size func(rune) int, single, part int) int {
	parts, used, total := 1, 0, 0
	for _, r := range text {
		n := size(r)
		if total += n; used+n > part {
			parts, used = parts+1, 0
		}
		used += n
	}
	if total <= single {
		return 1
	}
	return parts
}
