package directory_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/directory"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"alice": "alice", "Alice": "alice", " ALICE ": "alice", "alice@Example.com": "alice@example.com",
		"\u00c9milie": "\u00e9milie", "E\u0301milie": "\u00e9milie", "\u212aelvin": "kelvin", "ａｌｉｃｅ": "alice",
		"STRASSE": "strasse", "straße": "strasse",
		"": "", "  ": "", "a\x00b": "", "a\nb": "", "a\xffb": "", "cn=Alice Smith": "cn=alice smith",
	} {
		if got := directory.Canonical(raw); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", raw, got, want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"Alice", "ǰ", "\u0390", "\ufb03", " x ", "\u0345"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, user string) {
		once := directory.Canonical(user)
		if twice := directory.Canonical(once); twice != once {
			t.Errorf("%q: %q becomes %q", user, once, twice)
		}
	})
}

func TestInline(t *testing.T) {
	t.Parallel()
	d, err := directory.NewInline(map[string]string{"Alice": "+15005550006"})
	if err != nil {
		t.Fatal(err)
	}
	if numbers, err := d.Lookup(t.Context(), person("alice")); len(numbers) != 1 || numbers[0] != "+15005550006" {
		t.Errorf("alice: %q, %v", numbers, err)
	}
	if numbers, err := d.Lookup(t.Context(), person("bob")); len(numbers) != 0 || err != nil {
		t.Errorf("bob: %q, %v", numbers, err)
	}
	for _, users := range []map[string]string{{"a": "1", "A": "2"}, {"": "1"}, {"a": ""}} {
		if _, err := directory.NewInline(users); err == nil {
			t.Errorf("%v was accepted", users)
		}
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, content, want string }{
		{"plain", "alice,+15005550006\n", ""},
		{"header, comment, BOM, spaces, quotes", "\ufeffuser,phone\r\n# staff\r\n\"Alice\", +15005550006 \r\n", ""},
		{"no number", "alice,+15005550006\nbob\n", "2: 1 fields"},
		{"empty number", "alice,\n", "1: the phone number is empty"},
		{"empty user", ",+15005550006\n", "1: the user is empty"},
		{"twice", "alice,+15005550006\n\nALICE,+15005550009\n", "3: the user stands twice"},
		{"broken quote", "alice,\"+15005550006\n", ":1: "},
		{"three fields", "alice,+15005550006,x\n", "1: 3 fields"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "phones.csv")
			put(t, path, tt.content)
			d, err := directory.OpenFile(path, time.Now, func(error) {})
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), path+":") || !strings.Contains(err.Error(), tt.want) ||
					strings.Contains(err.Error(), "500555000") &&
						!strings.Contains(err.Error(), "like: alice,+15005550006") {
					t.Errorf("error %v, want the file and %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if numbers, err := d.Lookup(t.Context(), person("alice")); len(numbers) != 1 || numbers[0] != "+15005550006" {
				t.Errorf("alice: %q, %v", numbers, err)
			}
		})
	}
}

// person is somebody whose name is canonical as the first factor writes it.
func person(name string) directory.Person { return directory.Person{Name: name, Given: name} }

// first is the first number of a person.
func first(t *testing.T, d directory.Directory, name string) (number string, found bool, err error) {
	t.Helper()
	numbers, err := d.Lookup(t.Context(), person(name))
	if len(numbers) == 0 {
		return "", false, err
	}
	return numbers[0], true, err
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// clock is a clock that only the test moves.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time { return time.UnixMilli(c.ms.Add(2000)) }

func TestFileIsReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "phones.csv")
	put(t, path, "alice,+15005550006\n")
	var faults []error
	d, err := directory.OpenFile(path, new(clock).now, func(err error) { faults = append(faults, err) })
	if err != nil {
		t.Fatal(err)
	}
	has := func(user string, want bool) {
		t.Helper()
		if numbers, err := d.Lookup(t.Context(), person(user)); (len(numbers) > 0) != want || err != nil {
			t.Errorf("%s: %q, %v", user, numbers, err)
		}
	}
	put(t, path, "alice,+15005550006\nbob,+15005550009\n")
	has("bob", true)
	put(t, path+".new", "carol,+15005550010\n")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	has("carol", true)
	has("alice", false)
	put(t, path, "broken\n")
	has("carol", true)
	has("carol", true)
	if len(faults) != 1 {
		t.Errorf("%d faults reported, want 1: %v", len(faults), faults)
	}
	put(t, path, "dave,+15005550011,\n")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	has("carol", true)
	put(t, path, "dave,+15005550011\n")
	has("dave", true)
	has("carol", false)
}

func TestLargeFile(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 100000 {
		fmt.Fprintf(&b, "user%d,+1500%07d\n", i, i)
	}
	path := filepath.Join(t.TempDir(), "phones.csv")
	put(t, path, b.String())
	d, err := directory.OpenFile(path, time.Now, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	if numbers, _ := d.Lookup(t.Context(), person("user99999")); len(numbers) != 1 {
		t.Error("the last line is missing")
	}
}
