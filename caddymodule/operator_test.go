package caddymodule_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// caddySays is all that a command of Caddy prints.
func caddySays(t *testing.T, args ...string) string {
	t.Helper()
	said, _ := caddyEnds(t, args...)
	return said
}

// caddyEnds is all that a command of Caddy prints, and its exit status.
func caddyEnds(t *testing.T, args ...string) (string, int) {
	t.Helper()
	out, err := exec.Command(testenv.Binary(t), args...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return string(out), exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return string(out), 0
}

// operates types "caddy sms-2fa …" on the machine of the site.
func (s *site) operates(t *testing.T, line string) (string, int) {
	t.Helper()
	return caddyEnds(t, append(append([]string{"sms-2fa"}, strings.Fields(line)...), "--address", s.Admin)...)
}

const twoZones = `
	handle /admin* {
		sms_2fa {
			zone admin
		}
		respond "app admin"
	}`

// After configurations that were refused, the commands act on the one that is running.
func TestCommandsActOnWhatIsRunning(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	usual := setup{provider: s.provider, listen: s.URL}
	v := s.visitor(t, "alice")
	v.login("/")
	bounds, missing := usual, usual
	bounds.directive, missing.directive = "code_length 3", "directory file /none.csv"
	const elsewhere = "http://localhost:1 {\nbind 192.0.2.1\nrespond no\n}\n" // not an address of this machine
	for _, tt := range []struct{ name, config string }{
		{"one that is out of bounds", bounds.caddyfile()},
		{"one whose file is missing", missing.caddyfile()},
		{"the same again", missing.caddyfile()},
		{"one that cannot start", usual.caddyfile() + elsewhere},
		{"one without the gate", "{\nadmin {ADMIN}\n}\n" + elsewhere},
	} {
		if err := s.Reload(tt.config); err == nil {
			t.Fatalf("%s: taken", tt.name)
		}
		if said, status := s.operates(t, "unlock --user alice"); status != 0 || !strings.Contains(said, "unlocked") {
			t.Errorf("after %s: unlock: status %d, %s", tt.name, status, said)
		}
	}
	said, status := s.operates(t, "revoke --user alice")
	if status != 0 || !strings.Contains(said, "all sessions ended") {
		t.Errorf("revoke: status %d, %s", status, said)
	}
	if v.do(http.MethodGet, "/", nil, "").isApp() {
		t.Error("a revoked session goes on")
	}
	bare := "{\nadmin {ADMIN}\n}\n" + s.URL + " {\nbind 127.0.0.1\nrespond \"app without a gate\"\n}\n"
	if err := s.Reload(bare); err != nil {
		t.Fatal(err)
	}
	said, status = s.operates(t, "unlock --user alice")
	if status != 1 || !strings.Contains(said, "sms_2fa is not in the running configuration") {
		t.Errorf("without a gate: status %d, %s", status, said)
	}
	if err := s.Reload(usual.caddyfile()); err != nil {
		t.Fatal(err)
	}
	if said, status := s.operates(t, "unlock --user alice"); status != 0 {
		t.Errorf("with a gate again: status %d, %s", status, said)
	}
}

// A command says what it found, in all zones or in one, and its exit status tells a misspelt name from a success.
func TestCommandsSayWhatTheyFound(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: twoZones})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	for range 3 {
		v.submit(p, "/", wrong(code))
	}
	const none = "nothing matched; zones of the running configuration: admin, default"
	for _, tt := range []struct {
		line   string
		status int
		want   string
	}{
		{
			"unlock --user alise", 2,
			"admin: there is nobody of that name\ndefault: there is nobody of that name\n" + none,
		},
		{"revoke --user alise", 2, "nothing matched"},
		{"revoke --user alise", 2, "nothing matched"},
		{
			"unlock --user alice --zone amdin", 2,
			"amdin: there is nobody of that name\n" + none,
		},
		{"unlock --user ALICE", 0, "it was blocked for another 1"},
		{"unlock --user alice", 0, "it was free; wrong codes: 0, texts: 1"},
		{"unlock --user bob --zone admin", 0, "it was free; wrong codes: 0, texts: 0, in the directory: true"},
		{"unlock", 1, "--user: it is missing"},
		{"unlock --all", 1, "unknown flag"},
		{"revoke --all --user alice", 1, "expected neither a user nor a zone"},
		{"revoke --user alice", 0, "default: account "},
	} {
		said, status := s.operates(t, tt.line)
		if status != tt.status || !strings.Contains(strings.ReplaceAll(said, `\n`, "\n"), tt.want) {
			t.Errorf("%s: status %d, want %d; %s, want %q", tt.line, status, tt.status, said, tt.want)
		}
	}
	said, status := caddyEnds(t, "sms-2fa", "unlock", "--user", "alice", "--address", testenv.FreeAddr(t))
	if status != 1 {
		t.Errorf("without a Caddy: status %d, %s", status, said)
	}
}

// The answer of the admin API is the same as JSON, for scripts.
func TestCommandsSpeakJSON(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: twoZones})
	said, status := s.operates(t, "unlock --user bob --json")
	var result struct {
		Matched  int
		Zones    []string
		Accounts []struct {
			Zone      string
			Account   string
			Directory bool
			Record    bool
		}
	}
	if err := json.Unmarshal([]byte(said), &result); err != nil || status != 0 {
		t.Fatalf("status %d, %s: %v", status, said, err)
	}
	if len(result.Accounts) != 2 || result.Matched != 2 || strings.Join(result.Zones, " ") != "admin default" ||
		result.Accounts[0].Zone != "admin" || !result.Accounts[0].Directory || result.Accounts[0].Record {
		t.Errorf("%s", said)
	}
	if said, status := s.operates(t, "revoke --user bobb --json"); status != 2 || field(said, "matched") != "0" {
		t.Errorf("nobody: status %d, %s", status, said)
	}
	for body, want := range map[string]int{
		`{"user":"alice"}`: 200, `{"user":"alice","zone":"admin"}`: 200, `{}`: 400, `{"user":"a\u0000"}`: 400,
		`{"all":true}`: 400, `{"name":"alice"}`: 400, `alice`: 400,
	} {
		res, err := http.Post("http://"+s.Admin+"/sms_2fa/unlock", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: status %d, want %d", body, res.StatusCode, want)
		}
	}
}

// After a leak, everything of everybody ends at once.
func TestRevokeAll(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{site: twoZones})
	alice, bob := s.visitor(t, "alice"), s.visitor(t, "bob")
	alice.login("/")
	alice.login("/admin")
	p := bob.open("/")
	code := s.provider.Wait(t, 3).CodeInText()
	if said, status := s.operates(t, "revoke --all"); status != 0 || !strings.Contains(said, "in all zones") {
		t.Fatalf("status %d, %s", status, said)
	}
	for _, path := range []string{"/", "/admin"} {
		if alice.do(http.MethodGet, path, nil, "").status == http.StatusOK {
			t.Errorf("a session at %s goes on", path)
		}
	}
	if a := bob.submit(p, "/", code); a.status == http.StatusSeeOther {
		t.Error("a code from before opens a session")
	}
	alice.login("/")
}

// A monitor learns what it needs to know and costs nobody a text.
func TestProbesCostNoText(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	monitor := s.visitor(t, "nobody")
	p := monitor.do(http.MethodGet, "/?sms_2fa=status", nil, "")
	if p.status != http.StatusOK || field(p.body, "verified") != "false" {
		t.Errorf("status: %d, %s", p.status, p.body)
	}
	if p := s.visitor(t, "").do(http.MethodGet, "/", asPage(), ""); p.status != http.StatusUnauthorized {
		t.Errorf("without a password: %d", p.status)
	}
	for range 10 {
		p := monitor.do(http.MethodGet, "/", http.Header{"Accept": {"*/*"}}, "")
		if p.status != http.StatusForbidden || p.problem() != "verification-required" {
			t.Errorf("%d, %s", p.status, p.body)
		}
	}
	if n := len(s.provider.Texts()); n != 0 {
		t.Errorf("%d texts", n)
	}
}
