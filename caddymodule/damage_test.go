package caddymodule_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// A store file that is cut off or damaged, while Caddy runs or before it starts, closes the guarded routes and nothing
// else.
func TestDamagedStoreLeavesOtherSitesAlone(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(content []byte) []byte{
		"cut off to half":    func(content []byte) []byte { return content[:len(content)/2] },
		"cut off to nothing": func([]byte) []byte { return nil },
		"pages of noise": func(content []byte) []byte {
			for i := 2 * 4096; i < len(content); i++ {
				content[i] = byte(i * i >> 3)
			}
			return content
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := "http://" + strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "localhost", 1)
			with := setup{
				provider:  providers.StartDexatel(t),
				listen:    "http://" + strings.Replace(testenv.FreeAddr(t), "127.0.0.1", "localhost", 1),
				directive: "stale_ok 2s",
			}
			beside := "\n" + other + " {\nbind 127.0.0.1\nrespond \"other\"\n}\n"
			s := &site{Caddy: testenv.StartCaddy(t, with.caddyfile()+beside), URL: with.listen, provider: with.provider}
			file := filepath.Join(s.Data, "caddy", "sms_2fa", "store.db")
			s.visitor(t, "alice").login("/")
			good, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			pid := s.PID()

			closed := func(when string) {
				t.Helper()
				for _, user := range []string{"bob", "carol", "bob"} {
					if p := s.visitor(t, user).open("/"); p.status != http.StatusServiceUnavailable {
						t.Errorf("%s: status %d for %s, want 503", when, p.status, user)
					}
				}
				if p := visitorAt(t, s, other, "").open("/"); p.body != "other" {
					t.Errorf("%s: the other site answers %d %q", when, p.status, p.body)
				}
			}
			overwrite(t, file, damage(append([]byte(nil), good...)))
			testenv.Await(t, "the damage is noticed", func() bool {
				return s.visitor(t, "bob").open("/").status == http.StatusServiceUnavailable
			})
			closed("while Caddy runs")
			s.AwaitLog(t, "its file is damaged")
			if s.PID() != pid {
				t.Fatal("Caddy was started anew")
			}
			s.Kill()
			s.Start()
			closed("after a restart")
			if strings.Contains(s.Log(), "in use by another process") {
				t.Error("the damaged file is said to be in use")
			}
			time.Sleep(10 * time.Millisecond)
			overwrite(t, file, good)
			testenv.Await(t, "the file that was put back is used", func() bool {
				return s.visitor(t, "bob").open("/").status == http.StatusForbidden
			})
		})
	}
}

// overwrite writes a file in place.
func overwrite(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
