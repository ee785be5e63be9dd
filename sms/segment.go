package sms

import (
	"strings"
	"unicode/utf16"
)

// The characters of GSM-7 (3GPP TS 23.038 6.2.1): a basic character takes one septet, an extended one two.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
		"¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// Segments is in how many parts a text is sent and billed (3GPP TS 23.040 9.2.3.24.1). foreign is the first
// character that is not in GSM-7, or 0 if all are. With such a character the whole text is sent in UCS-2, whose
// parts hold fewer characters.
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

// septets is how many septets a character takes in GSM-7, 0 when GSM-7 does not have the character.
func septets(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	}
	return 0
}

// units is how many 16-bit units a character takes in UCS-2.
func units(r rune) int { return len(utf16.AppendRune(nil, r)) }

// split is how many parts a text takes. A text of up to single units is one part; in a longer text each part holds
// part units, and no character is cut in two.
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
