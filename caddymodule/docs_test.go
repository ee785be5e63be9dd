package caddymodule_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var example = regexp.MustCompile("(?s)```caddyfile\n(.*?)```")

// TestExamplesInTheDocumentation adapts every Caddyfile in README and docs, those that are part of a block inside one.
func TestExamplesInTheDocumentation(t *testing.T) {
	t.Parallel()
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
			caddyfile := m[1]
			if strings.HasPrefix(caddyfile, "store ") || strings.HasPrefix(caddyfile, "sender ") {
				caddyfile = "{\nsms_2fa {\n" + caddyfile + "}\n}\n"
			}
			if _, err := adapt(caddyfile); err != nil {
				t.Errorf("%s: %v in\n%s", file, err, m[1])
			}
		}
	}
	if found < 6 {
		t.Errorf("%d examples were found", found)
	}
}
