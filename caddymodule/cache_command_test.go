package caddymodule_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// The command makes a gateway forget what its directories have cached: a number that was changed counts at once, and
// the code on the old one is over. It says which directories have a cache, and that none has one.
func TestDropCaches(t *testing.T) {
	t.Parallel()
	var questions atomic.Int64
	var number atomic.Value
	number.Store(aliceNumber)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		questions.Add(1)
		_, _ = fmt.Fprintf(w, `{"phone": %q}`, number.Load())
	}))
	t.Cleanup(server.Close)
	s := startSite(t, setup{
		directive: "resend_after 0s\ndirectory inline {\nbob +15005550009\n}\ndirectory http {\nurl " + server.URL +
			"/{user}\ncache 1h\n}",
	})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	number.Store(bobNumber)
	v.open("/")
	if n := questions.Load(); n != 1 {
		t.Fatalf("%d questions in spite of the cache", n)
	}
	if said, status := s.operates(t, "drop-caches"); status != 0 || said != "dropped what is cached of: http\n" {
		t.Errorf("status %d, %s", status, said)
	}
	if a := v.submit(p, "/", code); a.status == http.StatusSeeOther {
		t.Error("the code on the old number opens")
	}
	v.open("/")
	if to := s.provider.Wait(t, 2).To; "+"+to != bobNumber {
		t.Errorf("the text went to %s", to)
	}
	if said, status := s.operates(t, "drop-caches --json"); status != 0 || said != `{"directories":["http"]}`+"\n" {
		t.Errorf("as JSON: status %d, %s", status, said)
	}
	s.AwaitLog(t, "caches of directories dropped")
	s = startSite(t, setup{})
	said, status := s.operates(t, "drop-caches")
	if status != 2 || !strings.Contains(said, "no directory of the running configuration has a cache") {
		t.Errorf("without a cache: status %d, %s", status, said)
	}
	if said, status := s.operates(t, "drop-caches --json"); status != 2 || said != `{"directories":[]}`+"\n" {
		t.Errorf("without a cache, as JSON: status %d, %s", status, said)
	}
	if _, status := s.operates(t, "drop-caches --user alice"); status != 1 {
		t.Errorf("with a user: status %d", status)
	}
	s.Stop()
	if said, status := s.operates(t, "drop-caches"); status != 1 {
		t.Errorf("without a Caddy: status %d, %s", status, said)
	}
	res, err := http.Get("http://" + startSite(t, setup{}).Admin + "/sms_2fa/drop-caches")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: status %d", res.StatusCode)
	}
}
