package otp

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/runenames"
)

// What keyboards and clipboards really produce.
func TestNormalize(t *testing.T) {
	t.Parallel()
	const ours = "Acme: your code is 123456. It is valid for 5 min. Do not share it with anyone.\n\n" +
		"@app.example.com #123456"
	tests := []struct {
		name, typed, want string // want is "" for what is no code
	}{
		{"plain", "123456", "123456"},
		{"leading zeros", "000001", "000001"},
		{"iOS, typed with a space behind", "123456 ", "123456"},
		{"iOS, AutoFill of a grouped code", "123 456", "123456"},
		{"iOS, smart punctuation", "123\u2013456", "123456"},
		{"iOS, copied from Messages", "\u2068123456\u2069", "123456"},
		{"Android, copied from Messages", "123456\n", "123456"},
		{"Android, one-time code of Google", "G-123456", "123456"},
		{"Android, keycap emoji", strings.NewReplacer("_", "\ufe0f\u20e3").Replace("1_2_3_4_5_6_"), "123456"},
		{"Windows, line end", "123456\r\n", "123456"},
		{"hyphens", "12-34-56", "123456"},
		{"no-break hyphen", "123\u2011456", "123456"},
		{"em dash", "123\u2014456", "123456"},
		{"minus", "123\u2212456", "123456"},
		{"dash of a Japanese keyboard", "１２３ー４５６", "123456"},
		{"no-break space", "123\u00a0456", "123456"},
		{"narrow no-break space", "123\u202f456", "123456"},
		{"thin space", "123\u2009456", "123456"},
		{"ideographic space", "１２３\u3000４５６", "123456"},
		{"tab", "123\t456", "123456"},
		{"every digit alone", "1 2 3 4 5 6", "123456"},
		{"zero-width space", "123\u200b456", "123456"},
		{"byte order mark", "\ufeff123456", "123456"},
		{"word joiner", "123\u2060456", "123456"},
		{"soft hyphen", "123\u00ad456", "123456"},
		{"bidi marks", "\u200f\u202b123456\u202c\u200e", "123456"},
		{"NUL", "123456\x00", "123456"},
		{"full-width", "１２３４５６", "123456"},
		{"Arabic-Indic", "١٢٣٤٥٦", "123456"},
		{"Persian", "۱۲۳۴۵۶", "123456"},
		{"Devanagari", "१२३४५६", "123456"},
		{"Bengali", "১২৩৪৫৬", "123456"},
		{"Thai", "๑๒๓๔๕๖", "123456"},
		{"bold, from a web page", "𝟏𝟐𝟑𝟒𝟓𝟔", "123456"},
		{"two scripts", "123٤٥٦", "123456"},
		{"last line of a text", "@app.example.com #123456", "123456"},
		{"number sign", "#123456", "123456"},
		{"quotation marks", "„123456“", "123456"},
		{"full stop", "123456.", "123456"},
		{"message", "code: 123456. valid 5 minutes", "123456"},
		{"message with a grouped code", "Your code is 123 456. Valid for 5 minutes", "123456"},
		{"message with a port", "Code 123456\n@app.example.com:8443 #123456", "123456"},
		{"message with a phone number", "123456 is your code. Help: +1 500 555 0006", "123456"},
		{"our own text", ours, "123456"},
		{"Chinese message", "【示例】验证码123456，5分钟内有效", "123456"},
		{"Japanese message", "認証コードは１２３４５６です。５分間有効です。", "123456"},
		{"Hindi message", "आपका कोड १२३४५६ है। ५ मिनट तक मान्य", "123456"},
		{"Arabic message", "رمزك هو ١٢٣٤٥٦ صالح لمدة ٥ دقائق", "123456"},
		{"code and minutes without words", "123456 5", "123456"},

		{"empty", "", ""},
		{"spaces alone", " \u00a0\u200b", ""},
		{"too short", "12345", ""},
		{"too long", "1234567", ""},
		{"sign", "+12345", ""},
		{"letters at the end", "12345a", ""},
		{"letters between", "123a456", ""},
		{"letter O", "12345O", ""},
		{"words alone", "my code", ""},
		{"superscript digits", "¹²³⁴⁵⁶", ""},
		{"circled digits", "①②③④⑤⑥", ""},
		{"Roman numerals", "ⅠⅡⅢⅣⅤⅥ", ""},
		{"no UTF-8", "123\xff456", ""},
		{"two codes", "123456 654321", ""},
		{"message with two codes", "old code 654321, new code 123456", ""},
		{"message with two grouped codes", "old 654 321, new 123 456", ""},
		{"message with a long number", "reference 1234567", ""},
		{"grouped code over two lines of words", "code 123\n456 minutes", ""},
		{"code of another length", "Your code is 12345678", ""},
		{"very long", strings.Repeat(" ", maxTyped) + "123456", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := Normalize(tt.typed, 6); got != tt.want || ok != (tt.want != "") {
				t.Errorf("Normalize(%q) = %q, %v; want %q", tt.typed, got, ok, tt.want)
			}
		})
	}
}

// Every decimal digit that Unicode has counts as its value, which stands in its name.
func TestDigitsOfEveryScript(t *testing.T) {
	t.Parallel()
	values := []string{"ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"}
	digits := 0
	for r := range unicode.MaxRune {
		if !unicode.Is(unicode.Nd, r) {
			continue
		}
		digits++
		got, ok := Normalize(string(r)+"00000", 6)
		if !ok || !strings.HasSuffix(runenames.Name(r), " "+values[got[0]-'0']) {
			t.Errorf("%U %s counts as %q", r, runenames.Name(r), got)
		}
	}
	if digits < 600 {
		t.Errorf("%d digits", digits)
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("123 456", 6)
	f.Add("１２３", 8)
	f.Add("code: 123456. valid 5 minutes", 6)
	f.Fuzz(func(t *testing.T, typed string, length int) {
		code, ok := Normalize(typed, length)
		if !ok {
			return
		}
		if len(code) != length || strings.Trim(code, "0123456789") != "" {
			t.Errorf("%q became %q", typed, code)
		}
		if again, ok := Normalize(code, length); !ok || again != code {
			t.Errorf("%q is not normal", code)
		}
	})
}
