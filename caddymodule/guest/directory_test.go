package guest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
)

// The option was one module before it was a list: both are read, and one module is written as it was.
func TestModules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, out string
		modules int
	}{
		{`{"directory":"inline","users":{"alice":"+1"}}`, `{"directory":"inline","users":{"alice":"+1"}}`, 1},
		{` [ {"directory":"inline"} ]`, `{"directory":"inline"}`, 1},
		{`[{"directory":"file"},{"directory":"ldap"}]`, `[{"directory":"file"},{"directory":"ldap"}]`, 2},
		{`[]`, `[]`, 0},
		{`null`, `null`, 0},
	} {
		var m guest.Modules
		if err := json.Unmarshal([]byte(c.in), &m); err != nil || len(m) != c.modules {
			t.Errorf("%s: %d modules, %v", c.in, len(m), err)
		}
		if out, err := json.Marshal(m); err != nil || strings.ReplaceAll(string(out), " ", "") != c.out {
			t.Errorf("%s is written %s, %v", c.in, out, err)
		}
	}
	if err := json.Unmarshal([]byte(`"inline"`), new(guest.Modules)); err == nil {
		t.Error("a text was accepted")
	}
}
