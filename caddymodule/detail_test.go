package caddymodule_test

import (
	"net/http"
	"strings"
	"testing"
)

// The body of a problem tells the person at the screen what to do, so that an app can show that.
func TestProblemsSayWhatToDo(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "attempts 2"})
	v, nobody := s.visitor(t, "alice"), s.visitor(t, "nobody")
	forged := asJSON()
	forged.Set("Sec-Fetch-Site", "cross-site")
	post := func(v *visitor, action string, header http.Header, body string) func(code string) page {
		return func(code string) page {
			return v.do(http.MethodPost, "/?sms_2fa="+action, header, strings.ReplaceAll(body, "CODE", code))
		}
	}
	send := post(v, "send", asJSON(), "{}")
	for _, tt := range []struct {
		problem, detail string
		do              func(code string) page
	}{
		{"verification-required", "Reload the page and enter the code that we text you.", func(string) page {
			return v.do(http.MethodGet, "/api", nil, "")
		}},
		{"no-phone", "Ask the operator of this site", post(nobody, "send", asJSON(), "{}")},
		{"code-expired", "Ask for a new code.", post(v, "verify", asJSON(), `{"code":"123456"}`)},
		{"", "", send},
		{"too-many-requests", "Wait a while", send},
		{"cross-site", "The form is not from this page, or is too old. Reload the page", post(v, "send", forged, "{}")},
		{"bad-request", `or {"number":2}. Reload the page`, post(v, "verify", asJSON(), "{")},
		{"code-incorrect", "A code has 6 digits. Type it alone.", post(v, "verify", asJSON(), `{"code":"1"}`)},
		{"code-incorrect", "Look at the latest text message", post(v, "verify", asJSON(), `{"code":"CODE"}`)},
		{"blocked", "Wait until the block is over.", post(v, "verify", asJSON(), `{"code":"CODE"}`)},
	} {
		code := "000000"
		if texts := s.provider.Texts(); len(texts) > 0 {
			code = wrong(texts[0].CodeInText())
		}
		p := tt.do(code)
		if p.problem() != tt.problem || !strings.Contains(field(p.body, "detail"), tt.detail) {
			t.Errorf("%s: %s", tt.problem, p.body)
		}
	}
}
