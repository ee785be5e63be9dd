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

// peers stand side by side: none imports another.
var peers = []string{"session", "sms", "directory", "page", "register"}

const module = "github.com/caddy-sms-2fa/gateway/"

// mayImport is what packages may import beside the standard library. A package that is not listed may import anything
// but Caddy and go-redis.
var mayImport = map[string][]string{
	"store": {},
	"phone": {
		"github.com/nyaruka/phonenumbers", "golang.org/x/text/language", "golang.org/x/text/language/display",
		"golang.org/x/text/unicode/norm",
	},
	"page":       {"page/words", "golang.org/x/net/html"},
	"otp":        {"store", "phone"},
	"register":   {"store", "phone"},
	"page/words": {"golang.org/x/text/feature/plural", "golang.org/x/text/language"},
	"session":    {"store", "github.com/golang-jwt/jwt/v5"},
	"directory": {
		"phone", "store", "store/redisstore", "github.com/go-ldap/ldap/v3", "github.com/go-sql-driver/mysql",
		"github.com/jackc/pgx/v5", "github.com/jackc/pgx/v5/pgconn", "github.com/jackc/pgx/v5/stdlib",
		"github.com/sony/gobreaker/v2", "golang.org/x/sync/singleflight",
		"golang.org/x/text/cases", "golang.org/x/text/unicode/norm",
	},
}

// inCaddy is what the packages that may import Caddy may import of this module. caddymodule is the face: it imports
// its rooms, and none imports it. The guests (senders, stores, directories) do not know the gate.
var inCaddy = map[string][]string{
	"caddymodule": {
		"caddymodule/app", "caddymodule/directories", "caddymodule/gate", "caddymodule/operator", "caddymodule/reports",
		"caddymodule/senders", "caddymodule/stores",
	},
	"caddymodule/guest":        {"directory", "sms", "store", "store/redisstore"},
	"caddymodule/senders":      {"caddymodule/guest", "phone", "sms"},
	"caddymodule/stores":       {"caddymodule/guest", "store", "store/boltstore", "store/redisstore"},
	"caddymodule/directories":  {"caddymodule/guest", "directory", "phone", "store"},
	"caddymodule/body":         {},
	"caddymodule/metrics":      {},
	"caddymodule/problem":      {"otp", "page"},
	"caddymodule/live":         {},
	"caddymodule/surroundings": {"caddymodule/app"},
	"caddymodule/app": {
		"caddymodule/guest", "caddymodule/live", "caddymodule/metrics", "directory", "otp", "page/words", "phone",
		"register", "session", "sms", "store",
	},
	"caddymodule/gate": {
		"caddymodule/app", "caddymodule/body", "caddymodule/guest", "caddymodule/live", "caddymodule/metrics",
		"caddymodule/problem", "caddymodule/surroundings",
		"directory", "otp", "page", "page/words", "phone", "register", "session", "sms",
	},
	"caddymodule/reports": {
		"caddymodule/app", "caddymodule/body", "caddymodule/metrics", "caddymodule/problem", "otp", "sms",
	},
	"caddymodule/operator": {
		"caddymodule/app", "caddymodule/senders", "directory", "otp", "phone", "register", "session",
	},
	"cmd/caddy": {"caddymodule"},
}

// TestImports holds who may import whom.
func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], module)
		known[name] = true
		for _, imported := range fields[1:] {
			if why := forbidden(name, imported); why != "" {
				t.Errorf("%s imports %s: %s", name, imported, why)
			}
		}
	}
	for room := range inCaddy {
		if !known[room] {
			t.Errorf("there is no room %s", room)
		}
	}
}

// forbidden says why a package may not import another, "" when it may.
func forbidden(name, imported string) string {
	short, own := strings.CutPrefix(imported, module)
	first, _, _ := strings.Cut(imported, "/")
	listed := own || strings.Contains(first, ".") // the standard library needs no permission
	pure, isPure := mayImport[name]
	rooms, isRoom := inCaddy[name]
	switch {
	case strings.HasPrefix(imported, "github.com/caddyserver/") && !isRoom:
		return "only the rooms of caddymodule know Caddy"
	case strings.HasPrefix(imported, "github.com/redis/") && name != "store/redisstore" && name != "internal/testenv":
		return "only redisstore knows go-redis"
	case isPure && listed && !slices.Contains(pure, short):
		return "it is not on the list of what this package may import"
	case isRoom && own && !slices.Contains(rooms, short):
		return "it is not on the list of what this room may import"
	case slices.Contains(peers, name) && slices.Contains(peers, short):
		return "session, sms, directory, register and page stand side by side"
	case !isRoom && own && strings.HasPrefix(short, "caddymodule") && name+"/" != module:
		return "nothing imports caddymodule"
	}
	return ""
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
