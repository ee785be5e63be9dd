package otp

import (
	"strings"
	"testing"
)

func TestCodeDependsOnEverything(t *testing.T) {
	t.Parallel()
	k := testKeys(t)
	base := k.Code(Subject{"z", "alice"}, ChallengeID{1}, 10)
	others := map[string]string{
		"zone":      k.Code(Subject{"y", "alice"}, ChallengeID{1}, 10),
		"name":      k.Code(Subject{"z", "bob"}, ChallengeID{1}, 10),
		"challenge": k.Code(Subject{"z", "alice"}, ChallengeID{2}, 10),
		"framing":   k.Code(Subject{"za", "lice"}, ChallengeID{1}, 10),
	}
	for what, other := range others {
		if other == base {
			t.Errorf("the code does not depend on %s", what)
		}
	}
	if again := k.Code(Subject{"z", "alice"}, ChallengeID{1}, 10); again != base {
		t.Error("the code is not the same when it is derived again")
	}
}

// Each digit at each place must be as likely as any other. With 60,000 codes, a count is off by more than 400 of
// 6000 less often than once in a million runs; a byte reduced modulo 10 is off by 2.5 %, and this test is for worse
// than that.
func TestCodeIsUnbiased(t *testing.T) {
	t.Parallel()
	const codes, length = 60000, 6
	k := testKeys(t)
	var counts [length][10]int
	for i := range codes {
		code := k.Code(Subject{"z", "alice"}, ChallengeID{byte(i), byte(i >> 8), byte(i >> 16)}, length)
		if len(code) != length {
			t.Fatalf("code %q has %d digits", code, len(code))
		}
		for place, digit := range []byte(code) {
			counts[place][digit-'0']++
		}
	}
	for place, digits := range counts {
		for digit, n := range digits {
			if n < 5600 || n > 6400 {
				t.Errorf("digit %d stands %d times at place %d, expected about 6000", digit, n, place)
			}
		}
	}
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, typed, want string
		ok                bool
	}{
		{"plain", "123456", "123456", true},
		{"pasted in groups", "123 456", "123456", true},
		{"hyphens", "123-456", "123456", true},
		{"line end", "123456\r\n", "123456", true},
		{"no-break space", "123\u00a0456", "123456", true},
		{"leading zeros", "000001", "000001", true},
		{"empty", "", "", false},
		{"too short", "12345", "", false},
		{"too long", "1234567", "", false},
		{"letters", "12345a", "", false},
		{"Arabic digits", "١٢٣٤٥٦", "", false},
		{"full-width digits", "１２３４５６", "", false},
		{"sign", "+12345", "", false},
		{"very long", strings.Repeat(" ", 1000) + "123456", "", false},
		{"NUL", "123456\x00", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := Normalize(tt.typed, 6); got != tt.want || ok != tt.ok {
				t.Errorf("Normalize(%q) = %q, %v; want %q, %v", tt.typed, got, ok, tt.want, tt.ok)
			}
		})
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("123 456", 6)
	f.Add("１２３", 8)
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
