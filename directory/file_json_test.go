package directory_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/directory"
)

func TestJSONFile(t *testing.T) {
	t.Parallel()
	one, two := directory.Numbers{"+15005550006"}, directory.Numbers{"+15005550006", "+15005550009"}
	for _, c := range []struct {
		name, content string
		alice         directory.Numbers
		fault         string
	}{
		{"object", `{"Alice": "+15005550006"}`, one, ""},
		{"byte order mark", "\ufeff{\"alice\": \"+15005550006\"}\r\n", one, ""},
		{"several", `{"alice": ["+15005550006", "+15005550009"]}`, two, ""},
		{"digits", `{"alice": 15005550006}`, directory.Numbers{"15005550006"}, ""},
		{"null, empty, none", `{"alice": null, "bob": "", "carol": []}`, nil, ""},
		{"list", `[{"user": "alice", "phone": "+15005550006", "room": 1}]`, one, ""},
		{"list, several", `[{"phone": ["+15005550006", "+15005550009"], "user": "alice"}]`, two, ""},
		{"nobody", `{}`, nil, ""},
		{"nobody in a list", `[]`, nil, ""},
		{"twice", "{\n\"alice\": \"+1\",\n\"ALICE\": \"+2\"}", nil, "phones.json:3: the user stands twice"},
		{"twice, once without", "{\"alice\": null, \"Alice\": \"+2\"}", nil, "the user stands twice"},
		{"no user", `[{"phone": "+1"}]`, nil, "phones.json:1: expected"},
		{"no phone", "[{\"user\": \"bob\", \"phone\": \"+1\"},\n{\"user\": \"alice\"}]", nil, "phones.json:2: expected"},
		{"empty user", `{"": "+1"}`, nil, "the user is empty"},
		{"wrong kind", `{"alice": {"mobile": "+15005550006"}}`, nil, "the phone number is not a text"},
		{"two lines in a number", `{"alice": "+1500555\n0006"}`, nil, "control characters"},
		{"a text", `"alice"`, nil, "phones.json:1: expected"},
		{"broken off", `{"alice": "+15005550006"`, nil, "not complete"},
		{"syntax", "{\"alice\":\n\"+15005550006\",}", nil, "phones.json:2: it is not JSON"},
		{"more behind", `{"alice": "+1"} x`, nil, "more behind"},
		{"CSV", `alice,+15005550006`, nil, "it is not JSON"},
		{"nothing", ``, nil, "not complete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "phones.json")
			put(t, path, c.content)
			d, err := directory.OpenFile(path, time.Now, func(error) {})
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "+1500555") &&
					!strings.Contains(err.Error(), "like") && !strings.Contains(err.Error(), "expected") {
					t.Errorf("error %v, want %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n, err := d.Lookup(t.Context(), person("alice")); err != nil || !slices.Equal(n, c.alice) {
				t.Errorf("alice: %q, %v", n, err)
			}
		})
	}
}
