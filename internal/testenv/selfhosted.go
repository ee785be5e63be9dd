package testenv

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"unicode/utf16"
)

// StartJasmin starts a gateway with the contract of Jasmin's /send: GSM-7 as content, everything else as hex-content with
// coding 8.
func StartJasmin(t testing.TB) *Provider {
	g := new(Gateway)
	g.judge = func(r *http.Request, body []byte) (Text, string) {
		form, ok := fields(r, body, "username", "password", "to", "from", "content", "hex-content", "coding", "priority", "validity-period",
			"dlr", "dlr-url", "dlr-level", "dlr-method", "tags")
		switch {
		case r.URL.Path != "/send" || !ok || form.Has("content") == form.Has("hex-content"):
			return Text{}, "400"
		case form.Get("username") != GatewayUser || form.Get("password") != GatewayPassword:
			return Text{}, "403"
		case !plainDigits.MatchString(form.Get("to")):
			return Text{}, "400"
		}
		text := form.Get("content")
		if form.Get("coding") == "8" {
			text = fromUTF16(form.Get("hex-content"))
		}
		return Text{ID: fmt.Sprintf("11111111-0000-4000-8000-%012d", len(g.Texts())+1), To: form.Get("to"), From: form.Get("from"), Text: text, Callback: form.Get("dlr-url")}, ""
	}
	g.welcome = func(w http.ResponseWriter, t Text) { fmt.Fprintf(w, "Success %q", t.ID) }
	g.turnAway = func(w http.ResponseWriter, status int, code string) {
		if status == 0 {
			status = number(code)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, `Error "refused: 15005550006"`)
	}
	return startGateway(t, g)
}

// fromUTF16 reads hexadecimal UTF-16, big end first.
func fromUTF16(s string) string {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw)%2 != 0 {
		return ""
	}
	var units []uint16
	for i := 0; i < len(raw); i += 2 {
		units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	return string(utf16.Decode(units))
}

// StartKannel starts a gateway with the contract of Kannel's sendsms.
func StartKannel(t testing.TB) *Provider {
	g := new(Gateway)
	g.judge = func(r *http.Request, body []byte) (Text, string) {
		form, ok := fields(r, body, "username", "password", "from", "to", "text", "charset", "coding", "smsc", "dlr-mask", "dlr-url",
			"validity", "priority", "account", "mclass")
		switch {
		case r.Method != http.MethodGet || r.URL.Path != "/cgi-bin/sendsms" || !ok || form.Get("charset") != "UTF-8":
			return Text{}, "Missing"
		case form.Get("username") != GatewayUser || form.Get("password") != GatewayPassword:
			return Text{}, "Authorization"
		case !plusDigits.MatchString(form.Get("to")) || form.Get("text") == "" || form.Get("from") == "":
			return Text{}, "Missing"
		}
		if coding := form.Get("coding"); coding != "0" && coding != "2" || inGSM7(form.Get("text")) != (coding == "0") {
			return Text{}, "Missing"
		}
		return Text{To: form.Get("to"), From: form.Get("from"), Text: form.Get("text"), Callback: form.Get("dlr-url"), Reference: reference(form.Get("dlr-url"))}, ""
	}
	g.welcome = func(w http.ResponseWriter, _ Text) {
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "0: Accepted for delivery")
	}
	g.turnAway = func(w http.ResponseWriter, status int, code string) {
		known := map[string]struct {
			status int
			text   string
		}{
			"Authorization": {403, "Authorization failed for sendsms"}, "Not routable": {403, "Not routable. Do not try again."},
			"Missing": {400, "Missing receiver number, rejected"}, "Temporal": {503, "Temporal failure, try again later."},
		}[code]
		if known.status == 0 {
			known.status, known.text = 400, code
		}
		if status == 0 {
			status = known.status
		}
		w.WriteHeader(status)
		fmt.Fprint(w, known.text)
	}
	return startGateway(t, g)
}

// reference is the parameter id of an address.
func reference(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get("id")
}

// StartPlaySMS starts a gateway with the contract of playSMS' web service pv, which answers 200 whatever it thinks.
func StartPlaySMS(t testing.TB) *Provider {
	g := new(Gateway)
	g.judge = func(r *http.Request, body []byte) (Text, string) {
		form, ok := fields(r, body, "app", "op", "u", "h", "to", "msg", "from", "unicode", "type", "nofooter")
		switch {
		case r.URL.Path != "/index.php" || !ok || form.Get("app") != "ws" || form.Get("op") != "pv":
			return Text{}, "101"
		case form.Get("u") != GatewayUser || form.Get("h") != GatewayPassword:
			return Text{}, "100"
		case form.Get("msg") == "" || !plusDigits.MatchString(form.Get("to")):
			return Text{}, "201"
		}
		return Text{To: form.Get("to"), From: form.Get("from"), Text: form.Get("msg"), Template: form.Get("unicode")}, ""
	}
	g.welcome = func(w http.ResponseWriter, t Text) {
		answerJSON(w, http.StatusOK, map[string]any{"data": []any{map[string]string{"status": "OK", "error": "0", "smslog_id": t.ID, "queue": "q", "to": t.To}}, "error_string": nil})
	}
	g.turnAway = func(w http.ResponseWriter, status int, code string) {
		if status == 0 {
			status = http.StatusOK
		}
		answerJSON(w, status, map[string]any{"status": "ERR", "error": code, "error_string": "refused +15005550006"})
	}
	return startGateway(t, g)
}

// StartAndroid starts a gateway with the contract of android-sms-gateway on a phone. The client names the text.
func StartAndroid(t testing.TB) *Provider {
	g := new(Gateway)
	g.judge = func(r *http.Request, body []byte) (Text, string) {
		var m struct {
			ID                 string
			TextMessage        struct{ Text string }
			PhoneNumbers       []string
			WithDeliveryReport bool
			TTL, Priority      int
		}
		switch {
		case !basicAuth(r):
			return Text{}, "401"
		case r.URL.Path != "/message" || !decodeStrictly(r, body, &m) || len(m.ID) > 36 || m.TextMessage.Text == "" || m.TTL < 5:
			return Text{}, "400"
		case len(m.PhoneNumbers) != 1 || !plusDigits.MatchString(m.PhoneNumbers[0]):
			return Text{}, "400"
		}
		return Text{ID: m.ID, To: m.PhoneNumbers[0], Text: m.TextMessage.Text, Reference: m.ID}, ""
	}
	g.welcome = func(w http.ResponseWriter, t Text) {
		answerJSON(w, http.StatusAccepted, map[string]any{"id": t.ID, "deviceId": "d", "state": "Pending", "recipients": []any{}})
	}
	g.turnAway = byStatus(func(string) any { return map[string]string{"message": "refused +15005550006"} })
	return startGateway(t, g)
}
