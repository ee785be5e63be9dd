package caddymodule_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	v.login("/")
	stranger := s.visitor(t, "bob")
	var passed, refused, unguarded, failed atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				who, count := v, &passed
				if i%2 == 0 {
					who, count = stranger, &refused
				}
				p, err := who.try(http.MethodGet, "/", http.Header{"Accept": {"*/*"}}, "")
				for tries := 0; err != nil && tries < 10; tries++ { // Caddy closes connections that it has just accepted
					p, err = who.try(http.MethodGet, "/", http.Header{"Accept": {"*/*"}}, "")
				}
				switch {
				case err != nil:
					failed.Add(1)
				case p.isApp() != (who == v):
					unguarded.Add(1)
				default:
					count.Add(1)
				}
			}
		})
	}
	opened := func() int { fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.PID())); return len(fds) }
	if err := s.Reload(s.config(setup{provider: s.provider, listen: s.URL})); err != nil {
		t.Fatal(err)
	}
	before := opened()
	for i := range 50 {
		with := setup{provider: s.provider, listen: s.URL, directive: fmt.Sprintf("session %dh", 2+i%3)}
		if err := s.Reload(with.caddyfile()); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	if unguarded.Load() != 0 || passed.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d passed, %d refused, %d the wrong way", passed.Load(), refused.Load(), unguarded.Load())
	}
	if failed.Load() > 0 {
		t.Errorf("%d requests failed", failed.Load())
	}
	v.http.CloseIdleConnections()
	stranger.http.CloseIdleConnections()
	testenv.Await(t, "files and connections are back to what they were", func() bool { return opened() <= before+4 })
	if !v.open("/").isApp() {
		t.Error("the session did not outlive the reloads")
	}
	if !strings.Contains(s.Get("/metrics"), `caddy_sms_2fa_checks_total{result="right"} 1`) {
		t.Error("a counter was lost")
	}
}

func TestBadConfigIsRefusedAndTheOldOneGuards(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	v.login("/")
	bad := setup{provider: s.provider, listen: s.URL, directive: "code_length 3"}
	if err := s.Reload(bad.caddyfile()); err == nil || !strings.Contains(err.Error(), "code_length") {
		t.Errorf("bad configuration: %v", err)
	}
	if !v.open("/").isApp() {
		t.Error("the verified visitor is out")
	}
	if p := s.visitor(t, "bob").do(http.MethodGet, "/", nil, ""); p.status != http.StatusForbidden {
		t.Errorf("a stranger: status %d", p.status)
	}
}

func TestSecretRotates(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{global: "secret " + secret})
	v, waiting := s.visitor(t, "alice"), s.visitor(t, "bob")
	v.login("/")
	p := waiting.open("/")
	code := s.provider.Wait(t, 2).CodeInText()
	waiting.submit(p, "/", wrong(code))
	both := setup{provider: s.provider, listen: s.URL, global: "secret " + another + " " + secret}
	if err := s.Reload(both.caddyfile()); err != nil {
		t.Fatal(err)
	}
	testenv.Await(t, "the session goes on", func() bool { return v.open("/").isApp() })
	if a := waiting.submit(p, "/", wrong(code)); !strings.Contains(a.body, "1 try left") {
		t.Errorf("the count of wrong codes did not outlive the new secret: status %d", a.status)
	}
	if a := waiting.submit(p, "/", code); a.status != http.StatusSeeOther {
		t.Errorf("the code did not outlive the new secret: status %d", a.status)
	}
}

// A process that is killed between two steps wins nothing, and the visitor can go on.
func TestKillBetweenSteps(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	restart := func() { s.Kill(); s.Start() }
	restart()
	if a := v.submit(p, "/", wrong(code)); !strings.Contains(a.body, "2 tries left") {
		t.Fatalf("wrong code: status %d", a.status)
	}
	restart()
	if a := v.submit(p, "/", wrong(code)); !strings.Contains(a.body, "1 try left") {
		t.Fatalf("second wrong code: status %d", a.status)
	}
	restart()
	if a := v.submit(p, "/", code); a.status != http.StatusSeeOther {
		t.Fatalf("right code: status %d", a.status)
	}
	for range 5 { // the first request after the start must not be taken for a stranger's
		restart()
		if !v.open("/").isApp() {
			t.Error("the session did not outlive the process")
		}
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}

// The reply to the right code is lost: typed again, it opens the same session, without a second text.
func TestLostReply(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	ticket := v.cookie("sms2fa_challenge")
	v.submit(p, "/", code)
	first := sidOf(t, v.cookie("sms2fa"))
	lost := s.visitor(t, "alice")
	lost.setCookie("sms2fa_challenge", ticket)
	p = lost.open("/")
	if a := lost.submit(p, "/", code); a.status != http.StatusSeeOther || sidOf(t, lost.cookie("sms2fa")) != first {
		t.Errorf("status %d", a.status)
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}

func TestIdleEndsASessionAndUseKeepsIt(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "idle 2s\nresend_after 0s"})
	v := s.visitor(t, "alice")
	v.login("/")
	for range 5 {
		time.Sleep(700 * time.Millisecond)
		if !v.open("/").isApp() {
			t.Fatal("a session in use has ended")
		}
	}
	time.Sleep(2100 * time.Millisecond)
	if v.do(http.MethodGet, "/", nil, "").isApp() {
		t.Error("an idle session goes on")
	}
}

func TestOperatorUnlocksAndRevokes(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	post := func(path string) int {
		res, err := http.Post("http://"+s.Admin+path, "application/json", strings.NewReader(`{"user":"Alice"}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	for range 3 {
		v.submit(p, "/", wrong(code))
	}
	if got := post("/sms_2fa/unlock"); got != http.StatusOK {
		t.Fatalf("unlock: status %d", got)
	}
	if a := v.submit(p, "/", code); a.status != http.StatusSeeOther {
		t.Fatalf("after unlock: status %d", a.status)
	}
	if !v.open("/").isApp() {
		t.Fatal("not in")
	}
	if got := post("/sms_2fa/revoke"); got != http.StatusOK {
		t.Fatalf("revoke: status %d", got)
	}
	if v.do(http.MethodGet, "/", nil, "").isApp() {
		t.Error("a revoked session goes on")
	}
}
