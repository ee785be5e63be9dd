package providers

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Twilio is a provider that enforces the documented contract of Twilio's Messages and Verify APIs. It can be asked
// with the account's token, or with an API key; the account stands in the path either way.
type Twilio struct {
	*Provider
	AccountSID, AuthToken, APIKey, APISecret, MessagingServiceSID, VerifyServiceSID string

	mu            sync.Mutex
	verifications map[string]*verification // pending ones by number
	started       int                      // how many there ever were
	approved      []string                 // those that were closed by their name
}

// StartTwilio starts the provider.
func StartTwilio(t testing.TB) *Twilio {
	t.Helper()
	w := &Twilio{
		AccountSID: "AC" + strings.Repeat("1", 32), AuthToken: "a-token-of-twilio",
		APIKey: "SK" + strings.Repeat("4", 32), APISecret: "a-secret-of-twilio",
		MessagingServiceSID: "MG" + strings.Repeat("2", 32), VerifyServiceSID: "VA" + strings.Repeat("3", 32),
		verifications: make(map[string]*verification),
	}
	w.Provider = startProvider(t, w)
	return w
}

// Approved are the verifications that the client closed.
func (t *Twilio) Approved() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.approved)
}

func (t *Twilio) serve(_ *Provider, w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	verify := "/v2/Services/" + t.VerifyServiceSID
	switch {
	case !t.knows(r):
		t.refuse(w, r, http.StatusUnauthorized, "20003")
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || err != nil:
		t.refuse(w, r, http.StatusBadRequest, "20001")
	case r.URL.Path == "/2010-04-01/Accounts/"+t.AccountSID+"/Messages.json":
		t.message(w, r, form)
	case r.URL.Path == verify+"/Verifications":
		t.verification(w, r, form)
	case r.URL.Path == verify+"/VerificationCheck":
		t.check(w, r, form)
	case strings.HasPrefix(r.URL.Path, verify+"/Verifications/"):
		t.update(w, r, form, strings.TrimPrefix(r.URL.Path, verify+"/Verifications/"))
	default:
		t.refuse(w, r, http.StatusNotFound, "20404")
	}
}

func (t *Twilio) knows(r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	return user == t.AccountSID && password == t.AuthToken || user == t.APIKey && password == t.APISecret
}

// refuse answers in Twilio's form, with the status that a code comes with.
func (t *Twilio) refuse(w http.ResponseWriter, _ *http.Request, status int, code string) {
	n, _ := strconv.Atoi(code)
	if status == 0 {
		status = map[string]int{
			"20003": 401, "20404": 404, "20429": 429, "60202": 429, "60203": 429, "60212": 429, "60207": 429, "60410": 403,
			"60605": 403,
		}[code]
	}
	if status == 0 {
		status = http.StatusBadRequest
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"code": n, "message": "refused: +15005550006", "more_info": "https://www.twilio.com/docs/errors/" + code,
		"status": status,
	})
}

var plusDigits = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// only reports whether a form has no other fields, and each of them once.
func only(form url.Values, fields ...string) bool {
	for name, values := range form {
		if !slices.Contains(fields, name) || len(values) != 1 || values[0] == "" {
			return false
		}
	}
	return true
}

func (t *Twilio) message(w http.ResponseWriter, r *http.Request, form url.Values) {
	period, err := strconv.Atoi(form.Get("ValidityPeriod"))
	switch {
	case !only(form, "To", "From", "MessagingServiceSid", "Body", "ValidityPeriod", "StatusCallback"):
		t.refuse(w, r, 0, "20001")
	case !plusDigits.MatchString(form.Get("To")):
		t.refuse(w, r, 0, "21211")
	case (form.Get("From") == "") == (form.Get("MessagingServiceSid") == ""):
		t.refuse(w, r, 0, "21603")
	case form.Has("MessagingServiceSid") && form.Get("MessagingServiceSid") != t.MessagingServiceSID:
		t.refuse(w, r, http.StatusNotFound, "20404")
	case form.Get("Body") == "" || longer(form.Get("Body"), 1600):
		t.refuse(w, r, 0, "21617")
	case form.Has("ValidityPeriod") && (err != nil || period < 1 || period > 36000):
		t.refuse(w, r, 0, "20001")
	case form.Has("StatusCallback") && !isURL(form.Get("StatusCallback")):
		t.refuse(w, r, 0, "21609")
	default:
		t.accept(w, form)
	}
}

// accept takes a message. A messaging service has not chosen a number yet, nor how the text is cut.
func (t *Twilio) accept(w http.ResponseWriter, form url.Values) {
	text := t.take(Text{
		ID: fmt.Sprintf("SM%032d", len(t.Texts())+1), To: form.Get("To"),
		From: form.Get("From") + form.Get("MessagingServiceSid"),
		Text: form.Get("Body"), Callback: form.Get("StatusCallback"),
	})
	answer := map[string]any{
		"sid": text.ID, "account_sid": t.AccountSID, "to": text.To, "from": text.From, "body": text.Text, "status": "queued",
		"num_segments": strconv.Itoa(parts(text.Text)), "messaging_service_sid": nil, "error_code": nil,
		"error_message": nil, "direction": "outbound-api",
	}
	if form.Has("MessagingServiceSid") {
		answer["from"], answer["messaging_service_sid"], answer["status"], answer["num_segments"] = nil, text.From,
			"accepted", "0"
	}
	answerJSON(w, http.StatusCreated, answer)
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// StatusReport is a status callback as Twilio makes it for the address signed, signed with a token.
func (t *Twilio) StatusReport(signed, token, id, status string) *http.Request {
	form := url.Values{
		"MessageSid": {id}, "SmsSid": {id}, "AccountSid": {t.AccountSID}, "MessageStatus": {status}, "SmsStatus": {status},
		"To": {"+15005550006"}, "From": {"+15005550001"}, "ApiVersion": {"2010-04-01"},
	}
	if status == "undelivered" || status == "failed" {
		form.Set("ErrorCode", "30003")
	}
	base := signed
	for _, name := range slices.Sorted(maps.Keys(form)) {
		base += name + form.Get(name)
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(base))
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}
