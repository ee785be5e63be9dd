package problem

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every body has a detail in sentences, for the person at the screen, and none of them speaks of the request's format.
func TestDetails(t *testing.T) {
	t.Parallel()
	all := map[string]Problem{
		"VerificationRequired": VerificationRequired, "CodeIncorrect": CodeIncorrect, "NotACode": NotACode,
		"CodeExpired": CodeExpired, "NoIdentity": NoIdentity, "UnreadableName": UnreadableName, "Unbound": Unbound,
		"EnrolmentRequired": EnrolmentRequired, "NumberRefused": NumberRefused,
		"NoPhone": NoPhone, "CrossSite": CrossSite, "NoCookie": NoCookie, "Blocked": Blocked, "Disabled": Disabled,
		"TooManyRequests": TooManyRequests, "DeliveryFailed": DeliveryFailed, "StoreUnavailable": StoreUnavailable,
		"DirectoryUnavailable": DirectoryUnavailable, "Busy": Busy, "CheckUnavailable": CheckUnavailable,
		"BadRequest": BadRequest, "TooLong": TooLong, "Cookies": Cookies, "InsecureRequest": InsecureRequest,
		"TooEarly": TooEarly, "ReportForged": ReportForged, "ReportStale": ReportStale,
		"ReportUnreadable": ReportUnreadable,
	}
	for name, p := range all {
		for _, f := range []Refusal{p.Refusal(), p.Because("This is wrong."), p.After(AfterOutage)} {
			w := httptest.NewRecorder()
			if err := Write(w, httptest.NewRequest("GET", "/", nil), f, 403); err != nil {
				t.Fatal(err)
			}
			var body struct{ Detail string }
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(body.Detail, f.Reason) || !strings.HasSuffix(body.Detail, p.Advice) ||
				!regexp.MustCompile(`^[A-Z].{8,}\.$`).MatchString(p.Advice) {
				t.Errorf("%s: detail %q", name, body.Detail)
			}
		}
	}
	source, err := os.ReadFile("problem.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), " = Problem{\n"); n != len(all) {
		t.Errorf("%d problems are in the file, and %d here", n, len(all))
	}
}
