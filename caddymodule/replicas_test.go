package caddymodule_test

import (
	"net/http"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// With replicas, what no replica has does not count: no text goes out, and nobody is let in, until one has it again.
// Verified visitors go on.
func TestReplicas(t *testing.T) {
	t.Parallel()
	master, replica := testenv.StartRedisPair(t)
	s := startSite(t, setup{global: "store redis {\naddress " + master.Addr + "\nreplicas 1\n}"})
	v := s.visitor(t, "alice")
	v.login("/")
	replica.Pause()
	b := s.visitor(t, "bob")
	if p := b.open("/"); p.status != http.StatusServiceUnavailable {
		t.Errorf("a text that no replica knows of: status %d", p.status)
	}
	if p := v.do(http.MethodPost, "/?sms_2fa=logout", asForm(), ""); p.status != http.StatusServiceUnavailable {
		t.Errorf("a logout that no replica knows of: status %d", p.status)
	}
	if !v.open("/").isApp() {
		t.Error("a verified visitor is locked out")
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
	replica.Resume()
	testenv.Await(t, "visitors get their text", func() bool { return b.open("/").status == http.StatusForbidden })
	if p := v.do(http.MethodPost, "/?sms_2fa=logout", asForm(), ""); p.status != http.StatusSeeOther {
		t.Errorf("logout: status %d", p.status)
	}
	if v.open("/").isApp() {
		t.Error("signed out, and in the app")
	}
}
