package caddymodule_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// terminal is where an operator types "caddy sms-2fa …".
type terminal struct {
	t   *testing.T
	dir string
	env []string
}

func newTerminal(t *testing.T, caddyfile string, env ...string) *terminal {
	t.Helper()
	dir := t.TempDir()
	if caddyfile != "" {
		if err := os.WriteFile(filepath.Join(dir, "Caddyfile"), []byte(caddyfile), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &terminal{t: t, dir: dir, env: append(os.Environ(), env...)}
}

// types returns all that the command prints, and whether it succeeded.
func (o *terminal) types(args ...string) (string, bool) {
	o.t.Helper()
	cmd := exec.Command(testenv.Binary(o.t), append([]string{"sms-2fa"}, args...)...)
	cmd.Dir, cmd.Env = o.dir, o.env
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "panic:") {
		o.t.Errorf("%v: %s", args, out)
	}
	return string(out), err == nil
}

// An operator gets the name of a sender and the ID of a template without leaving the terminal; the key stays in the
// environment.
func TestRegistrationFromTheTerminal(t *testing.T) {
	t.Parallel()
	p := providers.StartDexatel(t)
	config := fmt.Sprintf("{\nsms_2fa {\nsender dexatel {\napi_key {env.DEXATEL_API_KEY}\nbase_url %s\n}\n}\n}\n", p.URL)
	o := newTerminal(t, config, "DEXATEL_API_KEY="+p.Key)
	for _, tt := range []struct {
		line string
		ok   bool
		want []string
	}{
		{"dexatel templates list", true, []string{"ID", "NAME", "STATUS", "TEXT"}},
		{
			"dexatel templates create|--name|login|--text|Your code is {code}", true,
			[]string{"template  00000001-0000-4000-8000-000000000000  # status pending"},
		},
		{
			"dexatel templates create|--name|login|--text|Your code is {code}", false,
			[]string{"error 1258: there is a template of this name already"},
		},
		{"dexatel templates create|--name|other|--text|Your code", false, []string{"text: it does not contain {code}"}},
		{"dexatel templates list", true, []string{"00000001-0000-4000-8000-000000000000  login", "Your code is {code}"}},
		{"dexatel senders create|--code|Acme|--country|AM|--country|US", true, []string{"from  Acme  # status pending"}},
		{"dexatel senders create|--code|Acme", false, []string{"country: it is missing"}},
		{"dexatel senders list", true, []string{"Acme", "alphanumeric", "AM,US", "pending"}},
		{"dexatel senders list --sender second", false, []string{"there is no such sender"}},
		{"dexatel templates list --config nowhere", false, []string{"nowhere"}},
	} {
		command, rest, _ := strings.Cut(tt.line, "|")
		args := strings.Fields(command)
		if rest != "" {
			args = append(args, strings.Split(rest, "|")...)
		}
		out, ok := o.types(args...)
		if ok != tt.ok {
			t.Errorf("%s: succeeded %t, said\n%s", tt.line, ok, out)
		}
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", tt.line, want, out)
			}
		}
		if strings.Contains(out, p.Key) {
			t.Errorf("%s: the key is printed", tt.line)
		}
	}
	if n, _ := p.Requests(); n != 6 {
		t.Errorf("%d requests; what cannot succeed shall not be sent", n)
	}
}

// What is missing in the configuration is named, with what to do.
func TestRegistrationNeedsASender(t *testing.T) {
	t.Parallel()
	two := "{\nsms_2fa {\nsender dexatel {\napi_key a\nfrom A\n}\n" +
		"sender dexatel {\nname second\napi_key b\nfrom B\n}\n}\n}\n"
	for _, tt := range []struct{ name, caddyfile, want string }{
		{"no file", "", "there is no Caddyfile here; name one with --config"},
		{"no sender", "{\nsms_2fa {\nsender log\n}\n}\n", "there is no such sender"},
		{"two senders", two, "name one with --sender"},
		{
			"no key", "{\nsms_2fa {\nsender dexatel {\napi_key {env.NOT_SET_ANYWHERE}\nfrom A\n}\n}\n}\n",
			"api_key: evaluated placeholder {env.NOT_SET_ANYWHERE} is empty",
		},
	} {
		out, ok := newTerminal(t, tt.caddyfile).types("dexatel", "senders", "list")
		if ok || !strings.Contains(out, tt.want) {
			t.Errorf("%s: succeeded %t, said\n%s", tt.name, ok, out)
		}
	}
}
