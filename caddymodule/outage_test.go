package caddymodule_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// Two secrets for tests.
const (
	secret  = "5c2XytiDCsg6uxGtrx75S2vTm+9Z97JGyMpxGGUGjE0="
	another = "dBfi/0JNMABvz0NGHrO/Ty9hvSGTjUkN9IzMAkZ0uY4="
)

func onRedis(addr string) string {
	return "secret " + secret + "\nstore redis {\naddress " + addr + "\n}"
}

func TestStoreOutage(t *testing.T) {
	t.Parallel()
	maxMemory := func(bytes string) func(*testenv.Redis) {
		return func(r *testenv.Redis) { r.Do("CONFIG", "SET", "maxmemory", bytes) }
	}
	outages := []struct {
		name        string
		begin, end  func(r *testenv.Redis)
		losesMemory bool
	}{
		{"hangs", (*testenv.Redis).Pause, (*testenv.Redis).Resume, false},
		{"refuses writes", maxMemory("1"), maxMemory("0"), false},
		{"stops and loses its data", (*testenv.Redis).Stop, (*testenv.Redis).Restart, true},
	}
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			redis := testenv.StartRedis(t, "--maxmemory-policy", "noeviction")
			s := startSite(t, setup{global: onRedis(redis.Addr)})
			verified, waiting, newcomer := s.visitor(t, "alice"), s.visitor(t, "bob"), s.visitor(t, "carol")
			verified.login("/")
			p := waiting.open("/")
			code := s.provider.Wait(t, 2).CodeInText()

			o.begin(redis)
			time.Sleep(50 * time.Millisecond)
			if !verified.open("/").isApp() {
				t.Error("a verified visitor is turned away")
			}
			inTime := func(what string, f func() page) {
				t.Helper()
				began := time.Now()
				a := f()
				took := time.Since(began)
				told := a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != ""
				if !told || took > 1500*time.Millisecond {
					t.Errorf("%s: status %d after %s", what, a.status, took)
				}
			}
			inTime("newcomer", func() page { return newcomer.open("/") })
			inTime("right code", func() page { return waiting.submit(p, "/", code) })
			if o.name != "refuses writes" { // where it can be read, the press comes too early
				inTime("press of the button", func() page { return waiting.resend(p, "/") })
			}
			inTime("logout", func() page { return verified.do(http.MethodPost, "/?sms_2fa=logout", nil, "") })
			if n := len(s.provider.Texts()); n != 2 {
				t.Errorf("%d texts, want 2", n)
			}

			o.end(redis)
			if o.losesMemory {
				testenv.Await(t, "the lost session ends", func() bool {
					return !verified.do(http.MethodGet, "/", nil, "").isApp()
				})
			} else {
				testenv.Await(t, "the waiting visitor gets in", func() bool {
					return waiting.submit(p, "/", code).status == http.StatusSeeOther
				})
			}
			testenv.Await(t, "the newcomer gets a page", func() bool {
				return newcomer.open("/").status == http.StatusForbidden
			})
		})
	}
}

// A firewall between gateway and Redis forgets idle connections: no visitor pays for it with an error.
func TestDroppedConnectionsCostNoVisitor(t *testing.T) {
	t.Parallel()
	for _, how := range []testenv.Drop{testenv.DropSilently, testenv.DropWithReset} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			proxy := testenv.StartProxy(t, testenv.StartRedis(t).Addr)
			s := startSite(t, setup{global: onRedis(proxy.Addr), directive: "resend_after 0s"})
			for _, user := range []string{"alice", "bob", "carol"} {
				v, n := s.visitor(t, user), len(s.provider.Texts())
				dropped := func(doing string, want int, do func() page) page {
					return v.afterDrops(func() { proxy.Drop(how) }, doing, want, do)
				}
				p := dropped("the page", http.StatusForbidden, func() page { return v.open("/") })
				s.provider.Wait(t, n+1)
				texts := s.provider.Texts()
				code := texts[len(texts)-1].CodeInText()
				dropped("the right code", http.StatusSeeOther, func() page { return v.submit(p, "/", code) })
				dropped("logout", http.StatusNoContent, func() page {
					return v.do(http.MethodPost, "/?sms_2fa=logout", nil, "")
				})
			}
		})
	}
}

// afterDrops does something after all connections have been dropped, and holds that it works. The gate asks a second
// time while its half second for the store lasts. A machine may be too busy for that; then the same is done again,
// after the connections have been dropped again: it would never work if the gate did not ask a second time.
func (v *visitor) afterDrops(drop func(), doing string, want int, do func() page) (p page) {
	v.t.Helper()
	testenv.Await(v.t, doing+" works over connections that were dropped", func() bool {
		drop()
		began := time.Now()
		p = do()
		if took := time.Since(began); p.status != want && took < 400*time.Millisecond {
			v.t.Errorf("%s: status %d after %v, before the time for the store was over", doing, p.status, took)
		}
		return p.status == want
	})
	return p
}

// Whatever goes wrong, each line of the log is one of Caddy's, and none has a stack trace.
func TestOutageIsLoggedInLinesOfJSON(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	s := startSite(t, setup{global: onRedis(redis.Addr)})
	v := s.visitor(t, "alice")
	v.open("/")
	redis.Stop()
	for range 5 {
		v.open("/")
		s.visitor(t, "bob").open("/")
	}
	s.AwaitLog(t, "store does not answer as it should")
	s.AwaitLog(t, "said by the Redis client library")
	lines := strings.Split(strings.TrimSpace(s.Log()), "\n")
	for _, line := range lines[:len(lines)-1] { // the last one may be under way
		if !strings.HasPrefix(line, `{"level":`) || strings.Contains(line, "stacktrace") || strings.Contains(line, ".go:") {
			t.Errorf("logged: %s", line)
		}
	}
}

func TestVerifiedVisitorsGoOnForAWhileOnly(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	s := startSite(t, setup{global: onRedis(redis.Addr), directive: "stale_ok 2s"})
	v := s.visitor(t, "alice")
	v.login("/")
	redis.Pause()
	if !v.open("/").isApp() {
		t.Error("turned away at once")
	}
	time.Sleep(2500 * time.Millisecond)
	if p := v.open("/"); p.status != http.StatusServiceUnavailable {
		t.Errorf("after stale_ok: status %d", p.status)
	}
	redis.Resume()
	testenv.Await(t, "in again", func() bool { return v.open("/").isApp() })
}

func TestGatewayWithAnotherSecretRefuses(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	one := startSite(t, setup{global: onRedis(redis.Addr)})
	one.visitor(t, "alice").login("/")
	two := startSite(t, setup{global: strings.Replace(onRedis(redis.Addr), secret, another, 1)})
	p := two.visitor(t, "alice").open("/")
	if p.status != http.StatusServiceUnavailable || len(two.provider.Texts()) != 0 {
		t.Errorf("status %d, %d texts", p.status, len(two.provider.Texts()))
	}
	two.AwaitLog(t, "another secret")
}

func TestLogoutReachesEveryGateway(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	one, two := startSite(t, setup{global: onRedis(redis.Addr)}), startSite(t, setup{global: onRedis(redis.Addr)})
	v := one.visitor(t, "alice")
	v.login("/")
	there := visitorAt(t, two, two.URL, "alice")
	there.setCookie("sms2fa", v.cookie("sms2fa"))
	if !there.open("/").isApp() {
		t.Fatal("the other gateway does not know the session")
	}
	if p := v.do(http.MethodPost, "/?sms_2fa=logout", nil, ""); p.status != http.StatusNoContent {
		t.Fatalf("logout: status %d", p.status)
	}
	began := time.Now()
	testenv.Await(t, "the session has ended on the other gateway", func() bool {
		return !there.do(http.MethodGet, "/", nil, "").isApp()
	})
	t.Logf("after %s", time.Since(began))
}

// What a thief of the store, the logs, the metrics or the configuration would see.
func TestNothingToStealAtRest(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	s := startSite(t, setup{global: onRedis(redis.Addr), site: "log", directive: "resend_after 0s"})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	v.submit(p, "/", wrong(code))
	v.resend(p, "/")
	v.submit(p, "/", code)
	token := v.cookie("sms2fa")
	if !v.open("/").isApp() {
		t.Fatal("not in")
	}
	for place, text := range map[string]string{
		"store": redis.Dump(), "metrics": s.Get("/metrics"), "log": s.Log(),
	} {
		for what, secret := range map[string]string{
			"code": code, "number": "5005550006", "token": token, "wrong code": wrong(code),
			"ticket": v.cookie("sms2fa_challenge"), "API key": s.provider.Key,
			"signature": token[strings.LastIndex(token, ".")+1:],
		} {
			if secret != "" && tells(text, secret) {
				t.Errorf("the %s holds the %s", place, what)
			}
		}
		if place != "log" && strings.Contains(text, "alice") { // the access log of Caddy itself has user_id
			t.Errorf("the %s holds the user's name", place)
		}
	}
	for _, counter := range []string{
		`caddy_sms_2fa_texts_total{class="",result="sent",sender="dexatel"} 2`,
		`caddy_sms_2fa_checks_total{result="wrong"} 1`, `caddy_sms_2fa_checks_total{result="right"} 1`,
		`caddy_sms_2fa_challenges_total 1`,
	} {
		if !strings.Contains(s.Get("/metrics"), counter) {
			t.Errorf("metrics lack %s", counter)
		}
	}
	for _, key := range redis.Keys() {
		if ttl := redis.Do("PTTL", key).(int64); ttl <= 0 {
			t.Errorf("key %q does not expire", key)
		}
	}
}

func TestSecretsStayOutOfTheConfiguration(t *testing.T) {
	t.Setenv("SMS_2FA_TEST_SECRET", secret)
	s := startSite(t, setup{global: "secret {env.SMS_2FA_TEST_SECRET}"})
	s.visitor(t, "alice").login("/")
	config := s.Get("/config/")
	if strings.Contains(config, secret) || !strings.Contains(config, "{env.SMS_2FA_TEST_SECRET}") {
		t.Error("the configuration holds the secret")
	}
}

// A store that is slow for a moment over an order costs the visitor a 503 and nothing more: what nobody sends is not
// called on its way, and the next visit texts at once.
func TestStoreIsSlowOverAnOrder(t *testing.T) {
	t.Parallel()
	for name, mark := range map[string]string{
		"the answer to the order is late": `"d":"sending"`, // the account is written, and nobody hears of that
		"the limit of the phone is slow":  "sms2fa:p:",
	} {
		for how, order := range map[string]func(v *visitor) page{
			"page":   func(v *visitor) page { return v.open("/") },
			"button": func(v *visitor) page { return v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}") },
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				lane := testenv.StartSlowLane(t, testenv.StartRedis(t).Addr)
				s := startSite(t, setup{global: onRedis(lane.Addr)})
				v := s.visitor(t, "alice")
				v.do(http.MethodGet, "/?sms_2fa=status", nil, "") // the store has been heard of
				lane.DelayOnce(mark, 1500*time.Millisecond)
				if p := order(v); p.status != http.StatusServiceUnavailable {
					t.Fatalf("status %d: %s", p.status, p.body)
				}
				testenv.Await(t, "a reload texts", func() bool { v.open("/"); return len(s.provider.Texts()) == 1 })
				if p := v.submit(v.open("/"), "/", s.provider.Wait(t, 1).CodeInText()); p.status != http.StatusSeeOther {
					t.Errorf("the code of that text: status %d", p.status)
				}
			})
		}
	}
}
