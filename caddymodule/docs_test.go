package caddymodule_test

import (
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

var (
	example     = regexp.MustCompile("(?s)```caddyfile\n(.*?)```")
	environment = regexp.MustCompile(`\{env\.([A-Z0-9_]+)\}`)
)

// What the examples read from the environment, where it cannot be anything.
var exampleValues = map[string]string{"TWILIO_ACCOUNT_SID": "AC" + strings.Repeat("1", 32), "TEST_CODE": "482913"}

// TestExamplesInTheDocumentation loads every Caddyfile in README and docs, those that are part of a block inside one.
func TestExamplesInTheDocumentation(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	files, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, "../README.md") {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range example.FindAllStringSubmatch(string(source), -1) {
			found++
			if err := loads(t, m[1]); err != nil {
				t.Errorf("%s: %v in\n%s", file, err, m[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("%d examples were found", found)
	}
}

// loads adapts and validates an example, in an environment that has what it refers to.
func loads(t *testing.T, caddyfile string) error {
	t.Helper()
	for _, m := range environment.FindAllStringSubmatch(caddyfile, -1) {
		t.Setenv(m[1], otherwise(exampleValues[m[1]], "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"))
	}
	switch {
	case strings.HasPrefix(caddyfile, "store "):
		caddyfile = "{\nsms_2fa {\nsender log\n" + caddyfile + "}\n}\n"
	case strings.HasPrefix(caddyfile, "sender "):
		caddyfile = "{\nsms_2fa {\n" + caddyfile + "}\n}\n"
	case !strings.Contains(caddyfile, "sender "):
		caddyfile = "{\nsms_2fa {\nsender log\n}\n}\n" + caddyfile
	}
	adapted, err := adapt(withFiles(t, caddyfile))
	if err != nil {
		return err
	}
	var config caddy.Config
	if err := json.Unmarshal(adapted, &config); err != nil {
		return err
	}
	return caddy.Validate(&config)
}

// withFiles puts files of the test in the place of those that an operator has.
func withFiles(t *testing.T, caddyfile string) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	server.Close()
	for path, content := range map[string][]byte{
		"/etc/caddy/phones.csv": []byte("alice,+15005550006\n"),
		"/etc/ssl/redis-ca.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	} {
		file := filepath.Join(t.TempDir(), filepath.Base(path))
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		caddyfile = strings.ReplaceAll(caddyfile, path, file)
	}
	return caddyfile
}

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// Every link of the documentation leads somewhere.
func TestLinksInTheDocumentation(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("../docs/*.md")
	for _, file := range append(files, "../README.md") {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(source), -1) {
			target := file
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(file), m[1])
			}
			content, err := os.ReadFile(target)
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if m[2] != "" && !anchors(content)[m[2]] {
				t.Errorf("%s: there is no %s in %s", file, m[2], target)
			}
		}
	}
}

// anchors are the headings of a page, as links name them.
func anchors(page []byte) map[string]bool {
	found := make(map[string]bool)
	for _, m := range heading.FindAllStringSubmatch(string(page), -1) {
		name := strings.ReplaceAll(strings.ToLower(m[1]), " ", "-")
		found["#"+regexp.MustCompile("[^a-z0-9_-]").ReplaceAllString(name, "")] = true
	}
	return found
}
