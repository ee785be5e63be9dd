package testenv

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

// Twilio is a provider that enforces the documented contract of Twilio's Messages and Verify APIs.
type Twilio struct {
	*Provider
	AccountSID, AuthToken, MessagingServiceSID, VerifyServiceSID string

	mu            sync.Mutex
	verifications map[string]*verification // pending ones by number
	approved      []string                 // those that were closed by their name
}

type verification struct {
	sid, code string
	checks    int
}

// StartTwilio starts the provider.
func StartTwilio(t testing.TB) *Twilio {
	t.Helper()
	w := &Twilio{
		AccountSID: "AC" + strings.Repeat("1", 32), AuthToken: "a-token-of-twilio", MessagingServiceSID: "MG" + strings.Repeat("2", 32),
		VerifyServiceSID: "VA" + strings.Repeat("3", 32), verifications: make(map[string]*verification),
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
	user, password, _ := r.BasicAuth()
	form, err := url.ParseQuery(string(body))
	verify := "/v2/Services/" + t.VerifyServiceSID
	switch {
	case user != t.AccountSID || password != t.AuthToken:
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

// refuse answers in Twilio's form, with the status that a code comes with.
func (t *Twilio) refuse(w http.ResponseWriter, _ *http.Request, status int, code string) {
	n, _ := strconv.Atoi(code)
	if status == 0 {
		status = map[string]int{
			"20003": 401, "20404": 404, "20429": 429, "60202": 429, "60203": 429, "60212": 429, "60207": 429, "60410": 403, "60605": 403,
		}[code]
	}
	if status == 0 {
		status = http.StatusBadRequest
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"code": n, "message": "refused: +15005550006", "more_info": "https://www.twilio.com/docs/errors/" + code, "status": status,
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
	case form.Get("Body") == "" || len(form.Get("Body")) > 1600:
		t.refuse(w, r, 0, "21617")
	case form.Has("ValidityPeriod") && (err != nil || period < 1 || period > 36000):
		t.refuse(w, r, 0, "20001")
	default:
		text := t.take(Text{
			ID: fmt.Sprintf("SM%032d", len(t.Texts())+1), To: form.Get("To"), From: form.Get("From") + form.Get("MessagingServiceSid"),
			Text: form.Get("Body"), Callback: form.Get("StatusCallback"),
		})
		answerJSON(w, http.StatusCreated, map[string]any{
			"sid": text.ID, "account_sid": t.AccountSID, "to": text.To, "body": text.Text, "status": "queued", "num_segments": "1",
			"error_code": nil, "error_message": nil, "direction": "outbound-api",
		})
	}
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (t *Twilio) verification(w http.ResponseWriter, r *http.Request, form url.Values) {
	code := form.Get("CustomCode")
	switch {
	case !only(form, "To", "Channel", "CustomCode") || form.Get("Channel") != "sms" || !plusDigits.MatchString(form.Get("To")):
		t.refuse(w, r, 0, "60200")
		return
	case form.Has("CustomCode") && (len(code) < 4 || len(code) > 10 || strings.Trim(code, "0123456789") != ""):
		t.refuse(w, r, 0, "60200")
		return
	}
	t.mu.Lock()
	v := t.verifications[form.Get("To")]
	if v == nil || code != "" {
		v = &verification{sid: fmt.Sprintf("VE%032d", len(t.Texts())+1), code: code}
		if code == "" {
			v.code = sixDigits(len(t.Texts()))
		}
		t.verifications[form.Get("To")] = v
	}
	t.mu.Unlock()
	t.take(Text{ID: v.sid, To: form.Get("To"), Code: v.code, Template: t.VerifyServiceSID})
	answerJSON(w, http.StatusCreated, map[string]any{
		"sid": v.sid, "service_sid": t.VerifyServiceSID, "to": form.Get("To"), "channel": "sms", "status": "pending", "valid": false,
	})
}

// check answers as Twilio does: 200 for right and wrong, 404 for what is over, 429 after five checks.
func (t *Twilio) check(w http.ResponseWriter, r *http.Request, form url.Values) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, to := t.find(form)
	switch {
	case !only(form, "To", "VerificationSid", "Code") || form.Get("Code") == "" || form.Has("To") == form.Has("VerificationSid"):
		t.refuse(w, r, 0, "60200")
		return
	case v == nil:
		t.refuse(w, r, 0, "20404")
		return
	}
	if v.checks++; v.checks > 5 {
		t.refuse(w, r, 0, "60202")
		return
	}
	right := form.Get("Code") == v.code
	status := "pending"
	if right {
		status = "approved"
		delete(t.verifications, to)
	}
	answerJSON(w, http.StatusOK, map[string]any{"sid": v.sid, "status": status, "valid": right})
}

// find finds a pending verification by its name or its number.
func (t *Twilio) find(form url.Values) (*verification, string) {
	for to, v := range t.verifications {
		if to == form.Get("To") || v.sid == form.Get("VerificationSid") {
			return v, to
		}
	}
	return nil, ""
}

func (t *Twilio) update(w http.ResponseWriter, r *http.Request, form url.Values, sid string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !only(form, "Status") || form.Get("Status") != "approved" {
		t.refuse(w, r, 0, "60200")
		return
	}
	for to, v := range t.verifications {
		if v.sid == sid {
			delete(t.verifications, to)
			t.approved = append(t.approved, sid)
			answerJSON(w, http.StatusOK, map[string]any{"sid": sid, "status": "approved", "valid": true})
			return
		}
	}
	t.refuse(w, r, 0, "20404")
}

// StatusReport is a status callback as Twilio makes it for the address signed, signed with a token.
func (t *Twilio) StatusReport(signed, token, id, status string) *http.Request {
	form := url.Values{
		"MessageSid": {id}, "SmsSid": {id}, "AccountSid": {t.AccountSID}, "MessageStatus": {status}, "SmsStatus": {status},
		"To": {"+15005550006"}, "From": {"+15005550001"}, "ApiVersion": {"2010-04-01"},
	}
	if status == "undelivered" {
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
