package caddymodule_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// Whatever happens to Caddy between the steps of a visitor, one code is asked for, and one text is sent. What happens
// is drawn at random; SMS_2FA_SEED draws it as in an earlier run. Clocks are put in the tests of the gate.
func TestNoLoopThroughReloads(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	if s := os.Getenv("SMS_2FA_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	for name, global := range map[string]string{
		"embedded": "secret " + secret, "redis": onRedis(testenv.StartRedis(t).Addr),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 0))
			s := startSite(t, setup{global: global})
			v := s.visitor(t, "alice")
			var happened, foreign []string
			open := func() page {
				h := asPage()
				h["Cookie"] = foreign
				return v.do(http.MethodGet, "/", h, "")
			}
			happens := func() {
				switch r.IntN(4) {
				case 0:
					with := setup{
						global: global, provider: s.provider, listen: s.URL,
						directive: fmt.Sprintf("session %dh", 2+r.IntN(9)),
					}
					if err := s.Reload(with.caddyfile()); err != nil {
						t.Fatal(err)
					}
					happened = append(happened, "reload")
				case 1:
					s.Kill()
					s.Start()
					happened = append(happened, "kill and start")
				case 2:
					if len(foreign) > 1 {
						return
					}
					foreign = append(foreign, "sms2fa=junk; sms2fa_challenge=junk")
					happened = append(happened, "cookies of another site")
				}
			}
			p := open()
			code := s.provider.Wait(t, 1).CodeInText()
			for range 3 {
				happens()
				p = open()
			}
			if happens(); v.submit(p, "/", code).status != http.StatusSeeOther {
				t.Fatalf("SMS_2FA_SEED=%d: a right code does not let in, after %q", seed, happened)
			}
			for range 4 {
				happens()
				if !open().isApp() {
					t.Fatalf("SMS_2FA_SEED=%d: asked again, after %q", seed, happened)
				}
			}
			if n := len(s.provider.Texts()); n != 1 {
				t.Errorf("SMS_2FA_SEED=%d: %d texts, after %q", seed, n, happened)
			}
		})
	}
}
