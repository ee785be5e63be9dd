package caddymodule_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/directories"
	"github.com/caddy-sms-2fa/gateway/caddymodule/gate"
)

var (
	example     = regexp.MustCompile("(?s)```caddyfile\n(.*?)```")
	environment = regexp.MustCompile(`\{env\.([A-Z0-9_]+)\}`)
)

// What the examples read from the environment, where it cannot be anything.
var exampleValues = map[string]string{"TWILIO_ACCOUNT_SID": "AC" + strings.Repeat("1", 32), "TEST_CODE": "482913"}

// documentation lists the pages: README and what stands beside it, and docs.
func documentation(t *testing.T) []string {
	t.Helper()
	beside, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(beside, docs...)
}

// TestExamplesInTheDocumentation loads every Caddyfile in the documentation. An example that is part of a block is
// loaded inside such a block.
func TestExamplesInTheDocumentation(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	found := 0
	for _, file := range documentation(t) {
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
		"/etc/caddy/words.json": []byte(`{"en": {"help-link": "Ask the help desk"}}`),
		"/etc/caddy/logo.png":   []byte(onePixel),
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
	for _, file := range documentation(t) {
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

// TestEveryOptionIsTold holds that every option has its row in README, and stands in the Caddyfile that has every
// option.
func TestEveryOptionIsTold(t *testing.T) {
	t.Parallel()
	options := make(map[string]bool)
	for _, of := range []reflect.Type{reflect.TypeFor[app.App](), reflect.TypeFor[gate.Handler]()} {
		for _, f := range reflect.VisibleFields(of) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			options[name] = name != ""
		}
	}
	for file, pattern := range map[string]string{
		"../README.md":                  "(?m)^\\| .*`OPTION[ `]",
		"testdata/everything.caddyfile": `(?m)^\s*OPTION\s`,
	} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for option, named := range options {
			row := regexp.MustCompile(strings.Replace(pattern, "OPTION", option, 1))
			if named && !row.Match(source) {
				t.Errorf("%s says nothing of the option %s", file, option)
			}
		}
	}
}

// TestEveryOptionOfADirectoryIsTold holds that every option of a directory has its row on the directory's page, and
// stands in the Caddyfile that has every option.
func TestEveryOptionOfADirectoryIsTold(t *testing.T) {
	t.Parallel()
	everything, err := os.ReadFile("testdata/everything.caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	arguments := []string{"kind", "mode"} // of "directory sql" and "directory redis", and no options in a Caddyfile
	for page, of := range map[string]reflect.Type{
		"ldap": reflect.TypeFor[directories.LDAP](), "sql": reflect.TypeFor[directories.SQL](),
		"redis": reflect.TypeFor[directories.Redis](), "http": reflect.TypeFor[directories.HTTP](),
		"enroll": reflect.TypeFor[directories.Enroll](),
	} {
		source, err := os.ReadFile("../docs/directory-" + page + ".md")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range reflect.VisibleFields(of) {
			option, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if option == "" {
				continue
			}
			if !regexp.MustCompile("(?m)^\\| .*`" + option + "[ `]").Match(source) {
				t.Errorf("docs/directory-%s.md says nothing of the option %s", page, option)
			}
			if !slices.Contains(arguments, option) && !regexp.MustCompile(`(?m)^\s*`+option+`\b`).Match(everything) {
				t.Errorf("testdata/everything.caddyfile has no option %s", option)
			}
		}
	}
}

// The plugin on the page of directories is the one that is compiled here.
func TestPluginInTheDocumentation(t *testing.T) {
	t.Parallel()
	plugin, err := os.ReadFile("testdata/plugin/dns.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/directories.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```go\n"+string(plugin)+"```\n") {
		t.Error("docs/directories.md shows another plugin than testdata/plugin/dns.go")
	}
	if lines := strings.Count(string(plugin), "\n"); lines > 60 {
		t.Errorf("the plugin has %d lines", lines)
	}
	if out, err := exec.Command("go", "vet", "./testdata/plugin").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

var (
	quoted   = regexp.MustCompile("`([\\w./-]+)`(?:\\s+`(\\w+)`)?")
	pathLike = regexp.MustCompile(`^\.ci/|/$|\.(go|md|json|html|mod|caddyfile)$`)
	testLike = regexp.MustCompile(`^Test[A-Z]\w*$`)
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestPathsInTheDocumentation holds what the pages for developers name between backquotes: files and folders, the
// function behind a file, and tests.
func TestPathsInTheDocumentation(t *testing.T) {
	t.Parallel()
	tests := testsOfTheTree(t)
	for _, page := range []string{"../CONTRIBUTING.md", "../docs/architecture.md"} {
		source, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(source), -1) {
			switch name, function := m[1], m[2]; {
			case testLike.MatchString(name) && !tests[name]:
				t.Errorf("%s: there is no test %s", page, name)
			case pathLike.MatchString(name):
				if err := stands(filepath.Join("..", name), function); err != nil {
					t.Errorf("%s: %v", page, err)
				}
			}
		}
	}
}

// stands says what is wrong with a path, or with the function that shall be in the file.
func stands(path, function string) error {
	if function == "" || !strings.HasSuffix(path, ".go") {
		_, err := os.Stat(path)
		return err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !regexp.MustCompile(`(?m)^func (\(.*?\) )?` + function + `[\[(]`).Match(source) {
		return fmt.Errorf("there is no function %s in %s", function, path)
	}
	return nil
}

// testsOfTheTree are the names of all tests.
func testsOfTheTree(t *testing.T) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range testFunc.FindAllStringSubmatch(string(source), -1) {
			found[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
