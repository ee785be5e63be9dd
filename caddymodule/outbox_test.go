package caddymodule_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// crowd is a site whose users are u0, u1, …, and are believed to be whoever they say.
func crowd(t *testing.T, users int, more setup) *site {
	t.Helper()
	var lines strings.Builder
	for i := range users {
		fmt.Fprintf(&lines, "u%d,+3741012%04d\n", i, i)
	}
	file := filepath.Join(t.TempDir(), "phones.csv")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	more.directive += "\nuser {http.request.header.X-User}\ndirectory file " + file
	more.global += "\nsends 1000 per 1h"
	return startSite(t, more)
}

// as navigates as somebody of the crowd. The password is alice's, whom nobody asks for.
func (v *visitor) as(user, path string) (page, error) {
	h := asPage()
	h.Set("X-User", user)
	return v.try(http.MethodGet, path, h, "")
}

// gauge reads one number of the metrics.
func (s *site) gauge(t *testing.T, name string) int {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(s.Get("/metrics"))
	if m == nil {
		t.Fatalf("there is no metric %s", name)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// Five hundred visitors come while the provider hangs: as many texts are on their way as may be, everybody else is
// asked to come back, nothing piles up, verified visitors notice nothing, and all goes on when the provider answers
// again.
func TestProviderHangsBeforeACrowd(t *testing.T) {
	const visitors, places = 500, 20
	s := crowd(t, visitors+1, setup{global: fmt.Sprintf("max_in_flight %d", places), directive: "send_wait 200ms"})
	verified := s.visitor(t, "alice")
	insider := fmt.Sprintf("u%d", visitors)
	if _, err := verified.as(insider, "/"); err != nil {
		t.Fatal(err)
	}
	h := asJSON()
	h.Set("X-User", insider)
	code := s.provider.Wait(t, 1).CodeInText()
	if a := verified.do(http.MethodPost, "/?sms_2fa=verify", h, `{"code":"`+code+`"}`); a.status != http.StatusOK {
		t.Fatalf("status %d, %.200s", a.status, a.body)
	}
	goroutines, memory := s.gauge(t, "go_goroutines"), s.gauge(t, "process_resident_memory_bytes")
	s.provider.Misbehave(providers.Hang)

	stop := make(chan struct{})
	var passed, stopped, welcomed, refused atomic.Int64
	var going, coming sync.WaitGroup
	going.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if a, err := verified.as(insider, "/"); err != nil || !a.isApp() {
				stopped.Add(1)
			} else {
				passed.Add(1)
			}
		}
	})
	crowd := s.visitor(t, "alice")
	crowd.http.Jar = nil
	crowd.http.Transport.(*http.Transport).MaxConnsPerHost = 100 // so that the test itself does not run out of files
	for i := range visitors {
		coming.Go(func() {
			a, err := crowd.as(fmt.Sprintf("u%d", i), "/")
			switch {
			case err == nil && a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "":
				refused.Add(1)
			case err == nil && (a.status == http.StatusForbidden || a.status == http.StatusBadGateway):
				welcomed.Add(1)
			default:
				t.Errorf("status %d, %v", a.status, err)
			}
		})
	}
	coming.Wait()
	if n := s.gauge(t, "caddy_sms_2fa_texts_in_flight"); n > places {
		t.Errorf("%d texts on their way", n)
	}
	crowd.http.CloseIdleConnections()
	testenv.Await(t, "goroutines are those of the texts on their way", func() bool {
		return s.gauge(t, "go_goroutines") <= goroutines+6*places
	})
	grown := s.gauge(t, "process_resident_memory_bytes") - memory
	if grown > 128<<20 {
		t.Errorf("memory grew by %d MB", grown>>20)
	}
	close(stop)
	going.Wait()
	if stopped.Load() > 0 || passed.Load() == 0 {
		t.Errorf("verified: %d passed, %d did not", passed.Load(), stopped.Load())
	}
	requests, _ := s.provider.Requests()
	if refused.Load() < visitors/2 || requests > 1+visitors/2 {
		t.Errorf("%d were asked to come back, %d came in, %d requests to the provider",
			refused.Load(), welcomed.Load(), requests)
	}
	t.Logf("%d asked to come back, %d with a text or its failure; %d requests to the provider; "+
		"verified %d times; memory grew by %d MB",
		refused.Load(), welcomed.Load(), requests, passed.Load(), grown>>20)

	s.provider.Misbehave(providers.Behave)
	before := len(s.provider.Texts())
	for i, deadline := 0, time.Now().Add(30*time.Second); len(s.provider.Texts()) == before; i++ {
		if time.Now().After(deadline) {
			t.Fatal("no text goes out, though the provider answers again")
		}
		if _, err := crowd.as(fmt.Sprintf("u%d", i%visitors), "/"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Texts that are on their way when Caddy is asked to end are finished or cut short, and it is written down which; the
// next start repeats none.
func TestTextsOnTheirWayAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mood          providers.Mood
		delivery, log string
		texts         int
	}{
		{providers.Slow, "sent", `"msg":"text sent"`, 1},
		{providers.Hang, "unknown", `"class":"ambiguous"`, 0},
	} {
		t.Run(string(tt.mood), func(t *testing.T) {
			t.Parallel()
			p := providers.StartDexatel(t)
			p.Misbehave(tt.mood)
			two := fmt.Sprintf("sender dexatel {\napi_key %s\nfrom Acme\nbase_url %s\ntimeout 30s\n}\n"+
				"sender dexatel {\nname second\napi_key %s\nfrom Acme\nbase_url %[2]s\n}", p.Key, p.URL, p.Key)
			s := startSite(t, setup{provider: p, directive: "send_wait 50ms\nresend_after 1s", senders: two})
			v := s.visitor(t, "alice")
			if a := v.open("/"); !strings.Contains(a.body, "on its way") {
				t.Fatalf("status %d, %s", a.status, a.body)
			}
			testenv.Await(t, "the provider is asked", func() bool { n, _ := p.Requests(); return n == 1 })
			began := time.Now()
			s.Stop()
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("it took %s to end", took)
			}
			s.AwaitLog(t, tt.log)
			p.Misbehave(providers.Behave)
			s.Start()
			if got := v.delivery(); got != tt.delivery {
				t.Errorf("delivery is %q, want %q", got, tt.delivery)
			}
			a := v.open("/")
			if n, _ := p.Requests(); n != 1 || len(p.Texts()) != tt.texts {
				t.Fatalf("%d requests, %d texts after the start", n, len(p.Texts()))
			}
			time.Sleep(1100 * time.Millisecond)
			if b := v.resend(a, "/"); b.status != http.StatusSeeOther {
				t.Fatalf("resend: status %d", b.status)
			}
			if c := v.submit(v.open("/"), "/", p.Wait(t, tt.texts+1).CodeInText()); c.status != http.StatusSeeOther {
				t.Errorf("code: status %d", c.status)
			}
		})
	}
}

// A reload does not lose the texts that are on their way, even one that replaces the sender.
func TestTextsOnTheirWayInAReload(t *testing.T) {
	t.Parallel()
	p := providers.StartDexatel(t)
	p.Misbehave(providers.Slow)
	s := startSite(t, setup{provider: p, directive: "send_wait 50ms"})
	v := s.visitor(t, "alice")
	a := v.open("/")
	other := providers.StartDexatel(t)
	if err := s.Reload(setup{provider: other, listen: s.URL, directive: "send_wait 50ms"}.caddyfile()); err != nil {
		t.Fatal(err)
	}
	testenv.Await(t, "delivery is sent", func() bool { return v.delivery() == "sent" })
	if len(p.Texts()) != 1 || len(other.Texts()) != 0 {
		t.Errorf("%d and %d texts", len(p.Texts()), len(other.Texts()))
	}
	if b := v.submit(a, "/", p.Wait(t, 1).CodeInText()); b.status != http.StatusSeeOther {
		t.Errorf("code: status %d", b.status)
	}
}

// postAs sends JSON as somebody of the crowd.
func (v *visitor) postAs(user, action, body string) page {
	v.t.Helper()
	h := asJSON()
	h.Set("X-User", user)
	return v.do(http.MethodPost, "/?sms_2fa="+action, h, body)
}

// Somebody to whom no text is due takes no room from others, however often they come: not in a block, not when all
// their texts are used up, and not at a challenge that waits.
func TestVisitorsWithoutATextTakeNoRoom(t *testing.T) {
	t.Parallel()
	const others = 15
	s := crowd(t, others+3, setup{global: "max_in_flight 1", directive: "send_wait 10s\nattempts 1"})
	const blocked, waits = "u0", "u1"
	for _, user := range []string{blocked, waits} {
		v := s.visitor(t, "alice")
		if p, err := v.as(user, "/"); err != nil || p.status != http.StatusForbidden {
			t.Fatal(p.status, err)
		}
		if user == waits {
			continue
		}
		guess := `{"code":"` + wrong(s.provider.Wait(t, 1).CodeInText()) + `"}`
		if p := v.postAs(user, "verify", guess); p.problem() != "blocked" {
			t.Fatalf("status %d, %s", p.status, p.body)
		}
	}
	stop := make(chan struct{})
	var hammering sync.WaitGroup
	for i := range 12 {
		hammering.Go(func() {
			v := s.visitor(t, "alice")
			v.http.Jar = nil
			for {
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond): // a store without a moment to itself answers nobody
				}
				switch i % 3 {
				case 0:
					_, _ = v.as(blocked, "/")
				case 1:
					_, _ = v.as(waits, "/")
				default:
					v.postAs(waits, "send", "{}")
				}
			}
		})
	}
	v := s.visitor(t, "alice")
	v.http.Jar = nil
	for i := range others {
		p, err := v.as(fmt.Sprintf("u%d", i+2), "/")
		if err != nil || p.status != http.StatusForbidden {
			t.Errorf("first page of u%d: status %d, %v", i+2, p.status, err)
		}
	}
	close(stop)
	hammering.Wait()
	if n := len(s.provider.Texts()); n != others+2 {
		t.Errorf("%d texts", n)
	}
}

// One account takes one slot, however many of its first pages come at once.
func TestOneSlotForEachAccount(t *testing.T) {
	t.Parallel()
	const places, others = 10, 9
	s := crowd(t, others+1, setup{global: fmt.Sprintf("max_in_flight %d", places), directive: "send_wait 300ms"})
	s.provider.Misbehave(providers.Hang)
	v := s.visitor(t, "alice")
	v.http.Jar = nil
	var coming sync.WaitGroup
	for range 100 {
		coming.Go(func() {
			if p, err := v.as("u0", "/"); err != nil || p.status == http.StatusServiceUnavailable {
				t.Errorf("the crowd's own: status %d, %v", p.status, err)
			}
		})
	}
	for i := range others {
		coming.Go(func() {
			if p, err := v.as(fmt.Sprintf("u%d", i+1), "/"); err != nil || p.status == http.StatusServiceUnavailable {
				t.Errorf("u%d: status %d, %v", i+1, p.status, err)
			}
		})
	}
	coming.Wait()
	if n := s.gauge(t, "caddy_sms_2fa_texts_in_flight"); n != places {
		t.Errorf("%d texts on their way", n)
	}
}
