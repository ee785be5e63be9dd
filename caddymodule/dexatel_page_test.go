package caddymodule_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// The commands of the page about Dexatel succeed in their order, as they stand there, beside its example of a sender.
func TestDexatelPageAsTyped(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/dexatel.md")
	if err != nil {
		t.Fatal(err)
	}
	sender := example.FindStringSubmatch(string(page))[1]
	onEachRevision(t, func(t *testing.T, p *providers.Dexatel) {
		caddyfile := "{\nsms_2fa {\n" + strings.Replace(sender, "{\n", "{\nbase_url "+p.URL+"\n", 1) + "}\n}\n"
		o := newTerminal(t, caddyfile, "DEXATEL_API_KEY="+p.Key, "DEXATEL_REPORT_SECRET="+reportSecret)
		path := t.TempDir()
		if err := os.Symlink(testenv.Binary(t), filepath.Join(path, "caddy")); err != nil {
			t.Fatal(err)
		}
		typed := 0
		for _, block := range shellBlock.FindAllStringSubmatch(string(page), -1) {
			for line := range strings.Lines(block[1]) {
				cmd := exec.Command("sh", "-c", line)
				cmd.Dir, cmd.Env = o.dir, append(o.env, "PATH="+path)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s%v: %s", line, err, out)
				}
				typed++
			}
		}
		webhooks := p.Webhooks()
		if typed < 6 || len(webhooks) != 1 || webhooks[0]["url"] != "https://app.example.com/sms/reports" {
			t.Errorf("%d commands, webhooks %v", typed, webhooks)
		}
	})
}
