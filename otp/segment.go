package otp

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
	septets := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			septets++
		case strings.ContainsRune(gsmExtended, r):
			septets += 2
		default:
			return split(len(utf16.Encode([]rune(text))), 70, 67), r
		}
	}
	return split(septets, 160, 153), 0
}

// split is how many parts n units take when one part alone holds single, and each of several holds part.
func split(n, single, part int) int {
	if n <= single {
		return 1
	}
	return (n + part - 1) / part
}
