package gateway_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/caddy-sms-2fa/gateway/"

// TestImports holds who may import whom.
func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	peers := []string{"session", "sms", "directory", "page"}
	allowed := map[string][]string{"otp": {"store", "phone"}, "store": {}, "phone": {"github.com/nyaruka/phonenumbers"}, "page": {}}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], module)
		for _, imported := range fields[1:] {
			short := strings.TrimPrefix(imported, module)
			if strings.HasPrefix(imported, "github.com/caddyserver/") && name != "caddymodule" && name != "cmd/caddy" {
				t.Errorf("%s imports Caddy (%s)", name, imported)
			}
			if strings.HasPrefix(imported, "github.com/redis/") && name != "store/redisstore" && name != "internal/testenv" {
				t.Errorf("%s imports %s", name, imported)
			}
			if slices.Contains(peers, name) && (slices.Contains(peers, short) || short == "caddymodule") {
				t.Errorf("%s imports %s", name, short)
			}
			if only, ok := allowed[name]; ok && strings.Contains(strings.Split(imported, "/")[0], ".") && !slices.Contains(only, short) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
}

// builder is what xcaddy reads a build from: the JSON form of xcaddy.Builder.
type builder struct {
	CaddyVersion string `json:"caddy_version"`
	Plugins      []struct {
		ModulePath string `json:"module_path"`
		Version    string `json:"version"`
	} `json:"plugins"`
}

func TestBuildFileAgreesWithGoMod(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("xcaddy.json")
	if err != nil {
		t.Fatal(err)
	}
	var b builder
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	required := regexp.MustCompile(`caddyserver/caddy/v2 (v\S+)`).FindSubmatch(mod)
	if required == nil || string(required[1]) != b.CaddyVersion {
		t.Errorf("xcaddy.json has Caddy %s, go.mod %s", b.CaddyVersion, required)
	}
	if len(b.Plugins) != 1 || b.Plugins[0].ModulePath+"/" != module {
		t.Errorf("plugins %+v", b.Plugins)
	}
	if strings.Contains(string(mod), "\nreplace ") || strings.Contains(string(mod), "\ntoolchain ") {
		t.Error("go.mod has a replace or a toolchain line, which users would not get")
	}
}
