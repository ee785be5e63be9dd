package otp

import (
	"bytes"
	"testing"
)

// secretOf is what the n-th secret contributes to codes.
func secretOf(n byte) CodeKey {
	return CodeKey{ID: "k" + string('0'+rune(n)), Key: bytes.Repeat([]byte{n}, 32)}
}

func testKeys(t testing.TB, secrets ...CodeKey) *Keys {
	t.Helper()
	k, err := NewKeys([]byte("0123456789abcdef0123456789abcdef"), secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// What the keys derive from a root stays the same from release to release: records in the store are found by such
// names, and cookies and codes that visitors hold stay valid.
func TestDerivationNeverChanges(t *testing.T) {
	t.Parallel()
	k := testKeys(t)
	s, id := Subject{Zone: "default", Name: "alice"}, ChallengeID{1}
	m := k.marker(s, id, "482913")("", "one")
	withSecret := testKeys(t, secretOf(1))
	m2 := withSecret.marker(s, id, "482913")("k1", "one")
	for _, tt := range []struct{ name, got, want string }{
		{"account", k.Account(s), "a:IhE8JpLYnpPh3w1EN70lgA"},
		{"phone", k.Phone("+15005550006"), "p:YbDJZsukH1GDEl0KH_QMsQ"},
		{"report", k.Report("one", "SM1"), "r:5a90nux9Vkc_3ezx8iRokw"},
		{"pseudonym", k.Pseudonym(s), "05OjEJClOdh5mmPosuRATg"},
		{"session", k.Session(s, id), "xlL5rUGeSMwkVaUDxxqutw"},
		{"proof", k.Proof(s, Ticket{Challenge: id, Browser: BrowserID{2}}), "amtqfZZFtpu1sL0N2piZQQ"},
		{"gate name", k.GateName("default", "app.example.com", "/a"), "_ZuIxDChqANXIA67S74sww"},
		{"try", k.tries("country", "+49"), "t:Y-YQMZ4-kCT7KKmFEKC6vg"},
		{"code", k.Code(s, id, 6), "198085"},
		{"mark", b64(m[:]), "gF53Ukt4yYw"},
		{"code with a secret", withSecret.Code(s, id, 6), "839855"},
		{"mark with a secret", b64(m2[:]), "DfH7-Q-Am8s"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s is %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

// A guess has another mark for each maker, challenge, subject and guess.
func TestMarksDiffer(t *testing.T) {
	t.Parallel()
	k, err := NewKeys(make([]byte, RootSize))
	if err != nil {
		t.Fatal(err)
	}
	alice := Subject{Zone: "default", Name: "alice"}
	seen := map[mark]string{k.marker(alice, ChallengeID{1}, "482913")("", ""): "ours"}
	for name, m := range map[string]mark{
		"another codeBy":    k.marker(alice, ChallengeID{1}, "482913")("", "one"),
		"another challenge": k.marker(alice, ChallengeID{2}, "482913")("", ""),
		"another zone":      k.marker(Subject{Zone: "admin", Name: "alice"}, ChallengeID{1}, "482913")("", ""),
		"another guess":     k.marker(alice, ChallengeID{1}, "482914")("", ""),
	} {
		if other, twice := seen[m]; twice {
			t.Errorf("%s has the mark of %s", name, other)
		}
		seen[m] = name
	}
}

// Who knows the root and an older secret does not know the codes of challenges that begin under the current one.
func TestCodeHangsOnTheCurrentSecret(t *testing.T) {
	t.Parallel()
	alice, id := Subject{Zone: "default", Name: "alice"}, ChallengeID{1}
	rotated := testKeys(t, secretOf(2), secretOf(1))
	seen := map[string]string{rotated.Code(alice, id, 10): "the current secret"}
	for name, code := range map[string]string{
		"the root alone":   testKeys(t).Code(alice, id, 10),
		"the older secret": testKeys(t, secretOf(1)).Code(alice, id, 10),
	} {
		if other, twice := seen[code]; twice {
			t.Errorf("%s gives the code that %s gives", name, other)
		}
		seen[code] = name
	}
	if rotated.code("k1", alice, id, 10) != testKeys(t, secretOf(1)).Code(alice, id, 10) {
		t.Error("a challenge that began under the older secret has another code while that secret is listed")
	}
	if testKeys(t, secretOf(2)).derives(Challenge{codeKey: "k1"}) {
		t.Error("a secret that is not listed derives codes")
	}
}
