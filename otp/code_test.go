package otp

import "testing"

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
