package caddymodule_test

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// A gateway that has not heard of the store for longer than stale_ok, because its machine was halted or the store was
// away, takes no visitor whose code was right for a stranger when it goes on: not even for a moment.
func TestVisitorAfterSilence(t *testing.T) {
	t.Parallel()
	for name, silence := range map[string]func(t *testing.T, s *site, r *testenv.Redis) (goOn func()){
		"machine halted": func(t *testing.T, s *site, _ *testenv.Redis) func() {
			signal := func(sig syscall.Signal) {
				if err := syscall.Kill(s.PID(), sig); err != nil {
					t.Fatal(err)
				}
			}
			signal(syscall.SIGSTOP)
			return func() { signal(syscall.SIGCONT) }
		},
		"store away": func(_ *testing.T, _ *site, r *testenv.Redis) func() { r.Pause(); return r.Resume },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := testenv.StartRedis(t)
			s := startSite(t, setup{global: onRedis(r.Addr), directive: "stale_ok 2s"})
			v := s.visitor(t, "alice")
			v.login("/")
			goOn := silence(t, s, r)
			time.Sleep(3200 * time.Millisecond)
			time.AfterFunc(20*time.Millisecond, goOn)
			p := v.open("/")
			if !p.isApp() && (p.status != http.StatusSeeOther || !v.open("/").isApp()) {
				t.Errorf("status %d: %.300s", p.status, p.body)
			}
			if n := len(s.provider.Texts()); n != 1 {
				t.Errorf("%d texts, want 1", n)
			}
		})
	}
}
