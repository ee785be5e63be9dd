package caddymodule_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

func TestThreeWrongCodesBlock(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	var last page
	for _, want := range []int{http.StatusForbidden, http.StatusForbidden, http.StatusTooManyRequests} {
		if last = v.submit(p, "/", wrong(code)); last.status != want {
			t.Fatalf("status %d, want %d", last.status, want)
		}
	}
	if last.header.Get("Retry-After") != "900" || !strings.Contains(last.body, "15 minutes") {
		t.Errorf("Retry-After %q", last.header.Get("Retry-After"))
	}
	right, again := v.submit(p, "/", code), v.submit(p, "/", wrong(code))
	if right.status != http.StatusTooManyRequests || strip(right.body) != strip(again.body) {
		t.Errorf("in the block the right code is told from a wrong one: status %d", right.status)
	}

	refused := func(when string) {
		t.Helper()
		other := s.visitor(t, "alice")
		if p := other.open("/"); p.status != http.StatusTooManyRequests {
			t.Errorf("%s, a new browser: status %d", when, p.status)
		}
		spelled := s.visitor(t, "Alice")
		if p := spelled.open("/"); p.status != http.StatusTooManyRequests {
			t.Errorf("%s, another spelling of the name: status %d", when, p.status)
		}
		if p := v.submit(p, "/", code); p.status != http.StatusTooManyRequests {
			t.Errorf("%s, the right code: status %d", when, p.status)
		}
	}
	refused("at once")
	if err := s.Reload(s.config(setup{provider: s.provider, listen: s.URL, directive: "attempts 5"})); err != nil {
		t.Fatal(err)
	}
	refused("after a reload")
	s.Kill()
	s.Start()
	refused("after kill and restart")
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}

func (s *site) config(with setup) string { return with.caddyfile() }

// strip takes out of a page what differs from answer to answer: its nonce.
func strip(body string) string {
	for _, mark := range []string{`nonce="`, `value="`} {
		parts := strings.Split(body, mark)
		for i := 1; i < len(parts); i++ {
			_, parts[i], _ = strings.Cut(parts[i], `"`)
		}
		body = strings.Join(parts, "")
	}
	return body
}

func TestBlocksDouble(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "block 1s\nresend_after 0s"})
	v := s.visitor(t, "alice")
	for i, want := range []string{"1", "2", "4"} {
		p := v.open("/")
		code := s.provider.Wait(t, 1).CodeInText()
		for range 2 {
			v.submit(p, "/", wrong(code))
		}
		if p = v.submit(p, "/", wrong(code)); p.header.Get("Retry-After") != want {
			t.Fatalf("block %d: Retry-After %q, want %q", i+1, p.header.Get("Retry-After"), want)
		}
		time.Sleep(time.Duration(1<<i)*time.Second + 50*time.Millisecond)
	}
}

// Two gateways on one Redis, and 200 guesses at once with the right code among them.
func TestParallelGuessesOverTwoGateways(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	shared := setup{provider: providers.StartDexatel(t), global: onRedis(redis.Addr)}
	one, two := startSite(t, shared), startSite(t, shared)
	v := one.visitor(t, "alice")
	p := v.open("/")
	code := shared.provider.Wait(t, 1).CodeInText()
	u, _ := url.Parse(one.URL)
	cookies := v.http.Jar.Cookies(u)
	var mu sync.Mutex
	answers := make(map[string]int)
	var wg sync.WaitGroup
	for i := range 200 {
		guess := fmt.Sprintf("%06d", (int(code[5]-'0')+i)%1000)
		if i == 100 {
			guess = code
		}
		wg.Go(func() {
			at := visitorAt(t, one, []*site{one, two}[i%2].URL, "alice")
			to, _ := url.Parse(at.base)
			at.http.Jar.SetCookies(to, cookies)
			form := url.Values{"csrf": {p.csrf()}, "code": {guess}}.Encode()
			a, err := at.try(http.MethodPost, "/?sms_2fa=verify", asForm(), form)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				answers["error"]++
			case a.status == http.StatusSeeOther:
				answers["right"]++
			case a.status == http.StatusForbidden:
				answers["wrong"]++
			default:
				answers[http.StatusText(a.status)]++
			}
		})
	}
	wg.Wait()
	// The guess that leads to the block is answered with the block. A right code among the first three starts a new
	// budget of three, for challenges to come; the used one answers "expired", which is a 403 too.
	compared := answers["wrong"] + answers["right"]
	if answers["right"] == 0 && compared > 2 {
		t.Errorf("answers %v: more than three comparisons", answers)
	}
	if answers["right"] > 1 || answers["error"] > 0 {
		t.Errorf("answers %v", answers)
	}
	t.Logf("answers %v", answers)
}
