package testenv

import (
	"net/http"
	"strings"
	"testing"
)

// The secrets that the gateways expect.
const (
	GatewayUser     = "a-user-of-the-gateway"
	GatewayPassword = "a-password-of-the-gateway"
)

func bearer(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+GatewayPassword }

func basicAuth(r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	return user == GatewayUser && password == GatewayPassword
}

// StartTelnyx starts a provider with the contract of POST /v2/messages.
func StartTelnyx(t testing.TB) *Provider {
	g := new(Gateway)
	g.judge = func(r *http.Request, body []byte) (Text, string) {
		var m struct{ From, To, Text, Type, Webhook_url string }
		switch {
		case !bearer(r):
			return Text{}, "10009"
		case r.URL.Path != "/v2/messages" || !decodeStrictly(r, body, &m) || m.Type != "SMS":
			return Text{}, "10015"
		case m.From == "" || m.Text == "":
			return Text{}, "10004"
		case !plusDigits.MatchString(m.To):
			return Text{}, "10016"
		}
		return Text{To: m.To, From: m.From, Text: m.Text, Callback: m.Webhook_url}, ""
	}
	g.welcome = func(w http.ResponseWriter, t Text) {
		answerJSON(w, http.StatusOK, map[string]any{"data": map[string]any{
			"id": t.ID, "record_type": "message", "to": []any{map[string]string{"phone_number": t.To, "status": "queued"}}, "errors": []any{},
		}})
	}
	g.turnAway = func(w http.ResponseWriter, status int, code string) {
		if status == 0 {
			status = map[string]int{"10009": 401, "10010": 403, "10011": 429}[code]
		}
		answerJSON(w, orBadRequest(status), map[string]any{"errors": []any{map[string]string{"code": code, "title": "refused", "detail": "+15005550006"}}})
	}
	return startGateway(t, g)
}

func orBadRequest(status int) int {
	if status == 0 {
		return http.StatusBadRequest
	}
	return status
}

// StartPlivo starts a provider with the contract of POST /v1/Account/{auth_id}/Message/.
func StartPlivo(t testing.TB) *Provider {
	g := new(Gateway)
	g.judge = func(r *http.Request, body []byte) (Text, string) {
		var m struct{ Src, Dst, Text, Type, URL, Log string }
		switch {
		case !basicAuth(r):
			return Text{}, "401"
		case r.URL.Path != "/v1/Account/"+GatewayUser+"/Message/":
			return Text{}, "404"
		case !decodeStrictly(r, body, &m) || m.Src == "" || m.Text == "" || m.Type != "sms" || !plainDigits.MatchString(m.Dst):
			return Text{}, "400"
		}
		return Text{To: m.Dst, From: m.Src, Text: m.Text, Callback: m.URL}, ""
	}
	g.welcome = func(w http.ResponseWriter, t Text) {
		answerJSON(w, http.StatusAccepted, map[string]any{"api_id": "x", "message": "message(s) queued", "message_uuid": []string{t.ID}})
	}
	g.turnAway = byStatus(func(string) any { return map[string]string{"api_id": "x", "error": "refused 15005550006"} })
	return startGateway(t, g)
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
	g := new(Gateway)
	g.judge = func(r *http.Request, body []byte) (Text, string) {
		var m struct {
			From, Body, Type, Delivery_report, Callback_url, Client_reference string
			To                                                                []string
		}
		switch {
		case !bearer(r):
			return Text{}, "unauthorized"
		case r.URL.Path != "/xms/v1/"+GatewayUser+"/batches" || !decodeStrictly(r, body, &m):
			return Text{}, "syntax_invalid_json"
		case len(m.To) != 1 || !plusDigits.MatchString(m.To[0]):
			return Text{}, "syntax_invalid_parameter_format"
		case m.From == "" || m.Body == "" || m.Type != "mt_text" || !strings.HasPrefix(m.Delivery_report, "per_recipient"):
			return Text{}, "syntax_constraint_violation"
		}
		return Text{To: m.To[0], From: m.From, Text: m.Body, Reference: m.Client_reference, Callback: m.Callback_url}, ""
	}
	g.welcome = func(w http.ResponseWriter, t Text) {
		answerJSON(w, http.StatusCreated, map[string]any{"id": t.ID, "to": []string{t.To}, "canceled": false, "type": "mt_text"})
	}
	g.turnAway = func(w http.ResponseWriter, status int, code string) {
		if status == 0 {
			status = map[string]int{"unauthorized": 401, "blocked_account": 403, "illegal_number_type": 403, "missing_callback_url": 403}[code]
		}
		answerJSON(w, orBadRequest(status), map[string]string{"code": code, "text": "refused +15005550006"})
	}
	return startGateway(t, g)
}

// StartBird starts a provider with the contract of POST /v1/sms: a key that comes twice gets the first answer again, and a
// client must say what it is.
func StartBird(t testing.TB) *Provider {
	g := new(Gateway)
	g.judge = func(r *http.Request, body []byte) (Text, string) {
		var m struct{ To, From, Text string }
		switch {
		case r.Header.Get("User-Agent") == "" || strings.HasPrefix(r.Header.Get("User-Agent"), "Go-http"):
			return Text{}, "forbidden"
		case !bearer(r):
			return Text{}, "unauthorized"
		case r.URL.Path != "/v1/sms" || !decodeStrictly(r, body, &m) || m.From == "" || m.Text == "" || !plusDigits.MatchString(m.To):
			return Text{}, "invalid_request"
		}
		return Text{To: m.To, From: m.From, Text: m.Text, Reference: r.Header.Get("Idempotency-Key")}, ""
	}
	g.welcome = func(w http.ResponseWriter, t Text) {
		answerJSON(w, http.StatusCreated, map[string]string{"id": t.ID, "status": "accepted"})
	}
	g.turnAway = func(w http.ResponseWriter, status int, code string) {
		if status == 0 {
			status = map[string]int{"unauthorized": 401, "forbidden": 403, "rate_limited": 429}[code]
		}
		answerJSON(w, orBadRequest(status), map[string]string{"code": code, "message": "refused +15005550006"})
	}
	return startGateway(t, g)
}
