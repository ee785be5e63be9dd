package providers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// CheckCreated is a mood of Twilio's.
const CheckCreated Mood = "a check is answered with 201"

// verification is one that is pending.
type verification struct {
	sid, code     string
	sends, checks int
}

func (t *Twilio) verification(w http.ResponseWriter, r *http.Request, form url.Values) {
	code := form.Get("CustomCode")
	switch {
	case !only(form, "To", "Channel", "CustomCode") || form.Get("Channel") != "sms" ||
		!plusDigits.MatchString(form.Get("To")):
		t.refuse(w, r, 0, "60200")
		return
	case form.Has("CustomCode") && (len(code) < 4 || len(code) > 10 || strings.Trim(code, "0123456789") != ""):
		t.refuse(w, r, 0, "60200")
		return
	}
	v, ok := t.start(form.Get("To"), code)
	if !ok {
		t.refuse(w, r, 0, "60203")
		return
	}
	t.take(Text{ID: v.sid, To: form.Get("To"), Code: v.code, Template: t.VerifyServiceSID})
	answerJSON(w, http.StatusCreated, map[string]any{
		"sid": v.sid, "service_sid": t.VerifyServiceSID, "account_sid": t.AccountSID, "to": form.Get("To"), "channel": "sms",
		"status": "pending", "valid": false,
	})
}

// start begins a verification, or goes on with the one that is pending: under its name, and with its code unless the
// client has one of its own. There are five texts in one.
func (t *Twilio) start(to, own string) (verification, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.verifications[to]
	if v == nil {
		t.started++
		v = &verification{sid: fmt.Sprintf("VE%032d", t.started), code: sixDigits(t.started)}
		t.verifications[to] = v
	}
	if own != "" {
		v.code = own
	}
	v.sends++
	return *v, v.sends <= 5
}

// check answers as Twilio does: 200 or, as the documentation also has it, 201 for right and wrong; 404 for what is
// over; 429 after five checks.
func (t *Twilio) check(w http.ResponseWriter, r *http.Request, form url.Values) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, to := t.find(form)
	switch {
	case !only(form, "To", "VerificationSid", "Code") || form.Get("Code") == "" ||
		form.Has("To") == form.Has("VerificationSid"):
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
	created := map[bool]int{true: http.StatusCreated, false: http.StatusOK}[t.Mood() == CheckCreated]
	answerJSON(w, created, map[string]any{"sid": v.sid, "to": to, "channel": "sms", "status": status, "valid": right})
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
