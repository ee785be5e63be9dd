package providers

import (
	"net/http"
	"strings"
	"testing"
)

// The secrets that the SMS servers expect, and the one messaging profile that Telnyx knows.
const (
	User          = "a-user-of-the-server"
	Password      = "a-password-of-the-server"
	TelnyxProfile = "40017a5e-0000-4000-8000-000000000000"
)

func bearer(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+Password }

func basicAuth(r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	return user == User && password == Password
}

// StartTelnyx starts a provider with the contract of POST /v2/messages.
func StartTelnyx(t testing.TB) *Provider {
	s := new(smsServer)
	s.judge = func(r *http.Request, said fields) (Text, string) {
		switch {
		case !bearer(r):
			return Text{}, "10009"
		case r.URL.Path != "/v2/messages" || !said.only("/from", "/to", "/text", "/type", "/messaging_profile_id",
			"/webhook_url"):
			return Text{}, "10015"
		case said["/type"] != "SMS" || !said.oneOf("/messaging_profile_id", TelnyxProfile) ||
			!said.callsBack("/webhook_url"):
			return Text{}, "10015"
		case said["/from"] == "" || said["/text"] == "":
			return Text{}, "10004"
		case !plusDigits.MatchString(said["/to"]):
			return Text{}, "10016"
		}
		return Text{To: said["/to"], From: said["/from"], Text: said["/text"], Callback: said["/webhook_url"]}, ""
	}
	s.welcome = func(w http.ResponseWriter, t Text) { answerTelnyx(w, t.ID, "queued") }
	s.turnAway = refuseTelnyx
	return startSMSServer(t, s)
}

// answerTelnyx answers with a message and its errors.
func answerTelnyx(w http.ResponseWriter, id, state string, errors ...map[string]string) {
	answerJSON(w, http.StatusOK, map[string]any{"data": map[string]any{
		"id": id, "record_type": "message", "to": []any{map[string]string{"phone_number": "+15005550006", "status": state}},
		"errors": errors,
	}})
}

// refuseTelnyx answers with an error; with a state for a code, or a code "within 200", it takes the request and
// refuses the text.
func refuseTelnyx(w http.ResponseWriter, status int, code string) {
	switch code {
	case "sending_failed", "delivery_failed", "expired":
		answerTelnyx(w, "message-0", code)
		return
	}
	code, within := strings.CutSuffix(code, " within 200")
	refusal := map[string]string{"code": code, "title": "refused", "detail": "+15005550006"}
	if within {
		answerTelnyx(w, "message-0", "queued", refusal)
		return
	}
	if status == 0 {
		status = map[string]int{"10009": 401, "10010": 403, "10011": 429}[code]
	}
	answerJSON(w, orBadRequest(status), map[string]any{"errors": []any{refusal}})
}

func orBadRequest(status int) int {
	if status == 0 {
		return http.StatusBadRequest
	}
	return status
}

// StartPlivo starts a provider with the contract of POST /v1/Account/{auth_id}/Message/.
func StartPlivo(t testing.TB) *Provider {
	s := new(smsServer)
	s.judge = func(r *http.Request, said fields) (Text, string) {
		switch {
		case !basicAuth(r):
			return Text{}, "401"
		case r.URL.Path != "/v1/Account/"+User+"/Message/":
			return Text{}, "404"
		case !said.only("/src", "/dst", "/text", "/type", "/url", "/log") || !said.callsBack("/url") ||
			!said.oneOf("/log", "true", "false", "content_only", "number_only"):
			return Text{}, "400"
		case said["/src"] == "" || said["/text"] == "" || said["/type"] != "sms" || !plainDigits.MatchString(said["/dst"]):
			return Text{}, "400"
		}
		return Text{To: said["/dst"], From: said["/src"], Text: said["/text"], Callback: said["/url"]}, ""
	}
	s.welcome = func(w http.ResponseWriter, t Text) {
		answerJSON(w, http.StatusAccepted, map[string]any{
			"api_id": "x", "message": "message(s) queued", "message_uuid": []string{t.ID},
		})
	}
	s.turnAway = byStatus(func(string) any { return map[string]string{"api_id": "x", "error": "refused 15005550006"} })
	return startSMSServer(t, s)
}

// byStatus refuses where the code is the HTTP status itself.
func byStatus(body func(code string) any) func(http.ResponseWriter, int, string) {
	return func(w http.ResponseWriter, status int, code string) {
		if status == 0 {
			status = number(code)
		}
		answerJSON(w, status, body(code))
	}
}

func number(s string) (n int) {
	for _, r := range s {
		n = 10*n + int(r-'0')
	}
	return n
}

// StartSinch starts a provider with the contract of POST /xms/v1/{service_plan_id}/batches.
func StartSinch(t testing.TB) *Provider {
	s := new(smsServer)
	s.judge = func(r *http.Request, said fields) (Text, string) {
		switch {
		case !bearer(r):
			return Text{}, "unauthorized"
		case r.URL.Path != "/xms/v1/"+User+"/batches":
			return Text{}, "syntax_invalid_json"
		case !said.only("/from", "/to/0", "/body", "/type", "/delivery_report", "/callback_url", "/client_reference"):
			return Text{}, "syntax_invalid_json"
		case !plusDigits.MatchString(said["/to/0"]):
			return Text{}, "syntax_invalid_parameter_format"
		case said["/from"] == "" || said["/body"] == "" || said["/type"] != "mt_text":
			return Text{}, "syntax_constraint_violation"
		case !said.oneOf("/delivery_report", "none", "summary", "full", "per_recipient", "per_recipient_final") ||
			!said.callsBack("/callback_url"):
			return Text{}, "syntax_constraint_violation"
		}
		return Text{
			To: said["/to/0"], From: said["/from"], Text: said["/body"], Reference: said["/client_reference"],
			Callback: said["/callback_url"],
		}, ""
	}
	s.welcome = func(w http.ResponseWriter, t Text) {
		answerJSON(w, http.StatusCreated, map[string]any{
			"id": t.ID, "to": []string{t.To}, "canceled": false, "type": "mt_text",
		})
	}
	s.turnAway = func(w http.ResponseWriter, status int, code string) {
		if status == 0 {
			status = map[string]int{
				"unauthorized": 401, "blocked_account": 403, "illegal_number_type": 403,
				"missing_callback_url": 403,
			}[code]
		}
		answerJSON(w, orBadRequest(status), map[string]string{"code": code, "text": "refused +15005550006"})
	}
	return startSMSServer(t, s)
}

// StartBird starts a provider with the contract of POST /v1/sms: a key that comes twice with the same text gets the
// first answer again, and a client must say what it is.
func StartBird(t testing.TB) *Provider {
	s := new(smsServer)
	s.judge = func(r *http.Request, said fields) (Text, string) {
		switch {
		case r.Header.Get("User-Agent") == "" || strings.HasPrefix(r.Header.Get("User-Agent"), "Go-http"):
			return Text{}, "forbidden"
		case !bearer(r):
			return Text{}, "unauthorized"
		case r.URL.Path != "/v1/sms" || !said.only("/to", "/from", "/text"):
			return Text{}, "invalid_request"
		case said["/from"] == "" || said["/text"] == "" || !plusDigits.MatchString(said["/to"]):
			return Text{}, "invalid_request"
		}
		key := r.Header.Get("Idempotency-Key")
		return Text{To: said["/to"], From: said["/from"], Text: said["/text"], Reference: key}, ""
	}
	s.repeated = func(earlier, t Text) string {
		if t.To != earlier.To || t.From != earlier.From || t.Text != earlier.Text {
			return "invalid_request"
		}
		return ""
	}
	s.welcome = func(w http.ResponseWriter, t Text) {
		answerJSON(w, http.StatusCreated, map[string]string{"id": t.ID, "status": "accepted"})
	}
	s.turnAway = func(w http.ResponseWriter, status int, code string) {
		if status == 0 {
			status = map[string]int{"unauthorized": 401, "forbidden": 403, "rate_limited": 429}[code]
		}
		answerJSON(w, orBadRequest(status), map[string]string{"code": code, "message": "refused +15005550006"})
	}
	return startSMSServer(t, s)
}
