package otp

import (
	"strings"
	"testing"
)

func testKeys(t testing.TB) *Keys {
	t.Helper()
	k, err := NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

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

// Each digit at each place must be as likely as any other. With 60,000 codes, a count is off by more than 400 of 6000 less
// often than once in a million runs; a byte reduced modulo 10 is off by 2.5 %, and this test is for worse than that.
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

func FuzzParseTicket(f *testing.F) {
	f.Add(Ticket{Challenge: ChallengeID{1}, Browser: BrowserID{2}}.String())
	f.Add(strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, s string) {
		if ticket, ok := ParseTicket(s); ok && ticket.String() != s {
			t.Errorf("%q is a second spelling of %q", s, ticket)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"v":2,"w":1,"c":[{"i":"AAAAAAAAAAAAAAAAAAAAAA","a":1,"e":2}]}`))
	f.Add([]byte(`{"v":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := decode(data)
		if err != nil {
			return
		}
		if a.Wrong < 0 || a.InARow < 0 || a.Blocks < 0 {
			t.Errorf("%q decodes to %+v", data, a)
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"newer version":   `{"v":3}`,
		"no version":      `{}`,
		"unknown field":   `{"v":2,"x":1}`,
		"negative":        `{"v":2,"w":-1}`,
		"short challenge": `{"v":2,"c":[{"i":"AAAA","a":1,"e":2}]}`,
		"bad mark":        `{"v":2,"c":[{"i":"AAAAAAAAAAAAAAAAAAAAAA","a":1,"e":2,"m":["!"]}]}`,
		"two values":      `{"v":2}{"v":2}`,
		"empty":           ``,
		"not JSON":        `hello`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := decode([]byte(data)); err == nil {
				t.Errorf("decoded %q", data)
			}
		})
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	m, err := ParseMessage("")
	if err != nil {
		t.Fatal(err)
	}
	text := m.Text("123456", "Acme", "app.example.com", DefaultCodeTTL)
	want := "Acme: your code is 123456. It holds for 5 min. Do not share it with anyone.\n\n@app.example.com #123456"
	if text != want {
		t.Errorf("text is\n%s\nwant\n%s", text, want)
	}
	if len(text) > 160 {
		t.Errorf("the default text has %d characters, which is more than one segment", len(text))
	}
	for name, bad := range map[string]string{
		"no code":          "hello",
		"unknown variable": "{code} {user}",
		"own binding line": "{code}\n@evil.example #{code}",
	} {
		if _, err := ParseMessage(bad); err == nil {
			t.Errorf("%s: %q was accepted", name, bad)
		}
	}
}

func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	if err := DefaultPolicy().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	tests := []struct {
		option string
		break_ func(*Policy)
	}{
		{"code_length", func(p *Policy) { p.CodeLength = 5 }},
		{"code_length", func(p *Policy) { p.CodeLength = 11 }},
		{"code_ttl", func(p *Policy) { p.CodeTTL = MaxCodeTTL + 1 }},
		{"code_ttl", func(p *Policy) { p.CodeTTL = 0 }},
		{"attempts", func(p *Policy) { p.Attempts = 0 }},
		{"attempts", func(p *Policy) { p.Attempts = 11 }},
		{"block", func(p *Policy) { p.Block = -1 }},
		{"resend_after", func(p *Policy) { p.ResendAfter = -1 }},
		{"sends", func(p *Policy) { p.Sends = nil }},
		{"sends", func(p *Policy) { p.Sends[0].Max = 0 }},
	}
	for _, tt := range tests {
		p := DefaultPolicy()
		tt.break_(&p)
		if err := p.Validate(); err == nil || !strings.HasPrefix(err.Error(), tt.option+":") {
			t.Errorf("error %v does not name %s", err, tt.option)
		}
	}
}

// What is written down of a guess is another thing for each maker, challenge, subject and guess.
func TestMarksDiffer(t *testing.T) {
	t.Parallel()
	k, err := NewKeys(make([]byte, RootSize))
	if err != nil {
		t.Fatal(err)
	}
	alice := Subject{Zone: "default", Name: "alice"}
	seen := map[Mark]string{k.marker(alice, ChallengeID{1}, "482913")(""): "ours"}
	for name, m := range map[string]Mark{
		"another maker":     k.marker(alice, ChallengeID{1}, "482913")("one"),
		"another challenge": k.marker(alice, ChallengeID{2}, "482913")(""),
		"another zone":      k.marker(Subject{Zone: "admin", Name: "alice"}, ChallengeID{1}, "482913")(""),
		"another guess":     k.marker(alice, ChallengeID{1}, "482914")(""),
	} {
		if other, twice := seen[m]; twice {
			t.Errorf("%s has the mark of %s", name, other)
		}
		seen[m] = name
	}
}
