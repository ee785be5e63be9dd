package caddymodule_test

import (
	"net/http"
	"strings"
	"testing"
)

// A user whom the first factor names in a way that cannot be read is told so, and so is the operator.
func TestUnreadableUserName(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "user {http.request.header.Remote-User}"})
	v := s.visitor(t, "alice")
	tests := []struct{ name, user, why string }{
		{"Latin-1", "m\xfcller", "it is not UTF-8"},
		{"cut in the middle of a letter", "m\xc3", "it is not UTF-8"},
		{"control characters", "a\tb", "it has control characters"},
		{"control characters beyond ASCII", "a\xc2\x85b", "it has control characters"},
		{"too long", strings.Repeat("a", 513), "it is longer than 512 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := asPage()
			header["Remote-User"] = []string{tt.user}
			p := v.do(http.MethodGet, "/", header, "")
			if p.status != http.StatusForbidden || !strings.Contains(p.body, "in a way that we cannot read") {
				t.Errorf("page: status %d, %s", p.status, p.body)
			}
			header = asJSON()
			header["Remote-User"] = []string{tt.user}
			p = v.do(http.MethodPost, "/?sms_2fa=send", header, "{}")
			if p.problem() != "no-identity" || !strings.Contains(p.body, "name cannot be read") {
				t.Errorf("problem: status %d, %s", p.status, p.body)
			}
			s.AwaitLog(t, tt.why)
		})
	}
	if said := s.Log(); strings.Contains(said, "named no user") || strings.Contains(said, "aaaaa") {
		t.Error("the log says that nobody was named, or who")
	}
	header := asPage()
	header["Remote-User"] = []string{"  "}
	if p := v.do(http.MethodGet, "/", header, ""); !strings.Contains(p.body, "did not tell us who you are") {
		t.Errorf("spaces alone: status %d, %s", p.status, p.body)
	}
}
