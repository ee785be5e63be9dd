package sms

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSegments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		text    string
		parts   int
		foreign rune
	}{
		{"160 septets", strings.Repeat("a", 160), 1, 0},
		{"161 septets", strings.Repeat("a", 161), 2, 0},
		{"extended characters count twice", strings.Repeat("€", 81), 2, 0},
		{"70 in UCS-2", strings.Repeat("Ж", 70), 1, 'Ж'},
		{"71 in UCS-2", strings.Repeat("Ж", 71), 2, 'Ж'},
		{"an extended character is not split", strings.Repeat("a", 152) + strings.Repeat("€", 77), 3, 0},
		{"emoji are two units", strings.Repeat("😀", 36), 2, '😀'},
		{"small c with cedilla", "ç", 1, 'ç'},
		{"binding line", "@app.example.com #123456", 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if parts, foreign := Segments(tt.text); parts != tt.parts || foreign != tt.foreign {
				t.Errorf("%d parts because of %q, want %d because of %q", parts, foreign, tt.parts, tt.foreign)
			}
		})
	}
	if n := utf8.RuneCountInString(gsmBasic); n != 127 {
		t.Errorf("the basic table has %d characters, want 127 (without the escape)", n)
	}
}

func TestGSM7(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": true, "Acme: 123456 {€}\n": true, "Ваш код": false, "don’t": false} {
		if GSM7(text) != want {
			t.Errorf("%q fits in GSM-7: %v", text, !want)
		}
	}
}
