package providers

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
)

// StartJasmin starts an SMS server with the contract of Jasmin's /send: GSM-7 as content, everything else as
// hex-content with coding 8.
func StartJasmin(t testing.TB) *Provider {
	s := new(smsServer)
	s.judge = func(r *http.Request, said fields) (Text, string) {
		text, readable := jasminText(said)
		switch {
		case r.URL.Path != "/send" || !readable ||
			!said.only("username", "password", "to", "from", "content", "hex-content", "coding",
				"priority", "validity-period", "dlr", "dlr-url", "dlr-level", "dlr-method", "tags"):
			return Text{}, "400"
		case said["username"] != User || said["password"] != Password:
			return Text{}, "403"
		case !plainDigits.MatchString(said["to"]) || !said.between("priority", 0, 3) || !jasminReports(said):
			return Text{}, "400"
		}
		id := fmt.Sprintf("11111111-0000-4000-8000-%012d", len(s.Texts())+1)
		return Text{ID: id, To: said["to"], From: said["from"], Text: text, Callback: said["dlr-url"]}, ""
	}
	s.welcome = func(w http.ResponseWriter, t Text) { fmt.Fprintf(w, "Success %q", t.ID) }
	s.turnAway = func(w http.ResponseWriter, status int, code string) {
		if status == 0 {
			status = number(code)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, `Error "refused: 15005550006"`)
	}
	return startSMSServer(t, s)
}

// jasminText is the text of a request: content in GSM-7, which is coding 0, or hex-content in UCS-2, which is coding
// 8.
func jasminText(said fields) (string, bool) {
	content, plain := said["content"]
	raw, inHex := said["hex-content"]
	switch {
	case plain == inHex:
		return "", false
	case plain:
		return content, content != "" && said.oneOf("coding", "0") && inGSM7(content)
	}
	text := fromUTF16(raw)
	return text, text != "" && said["coding"] == "8"
}

// jasminReports reports whether all is there that reports need, if reports are asked for.
func jasminReports(said fields) bool {
	if said["dlr"] != "yes" {
		return said.oneOf("dlr", "no")
	}
	level, method := said["dlr-level"], strings.ToUpper(said["dlr-method"])
	return isURL(said["dlr-url"]) && len(level) == 1 && strings.Contains("123", level) &&
		(method == http.MethodGet || method == http.MethodPost)
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

// StartKannel starts an SMS server with the contract of Kannel's sendsms. A report says what became of a text only
// where %d stands.
func StartKannel(t testing.TB) *Provider {
	s := new(smsServer)
	s.judge = func(r *http.Request, said fields) (Text, string) {
		report := said["dlr-url"]
		switch {
		case r.Method != http.MethodGet || r.URL.Path != "/cgi-bin/sendsms" || said["charset"] != "UTF-8" ||
			!said.only("username", "password", "from", "to", "text", "charset", "coding", "smsc", "dlr-mask", "dlr-url",
				"validity", "priority", "account", "mclass"):
			return Text{}, "Missing"
		case said["username"] != User || said["password"] != Password:
			return Text{}, "Authorization"
		case !plusDigits.MatchString(said["to"]) || said["text"] == "" || said["from"] == "":
			return Text{}, "Missing"
		case said["coding"] != "0" && said["coding"] != "2" || inGSM7(said["text"]) != (said["coding"] == "0"):
			return Text{}, "Missing"
		case said["dlr-mask"] != "" && (!said.between("dlr-mask", 1, 31) || !isURL(report) ||
			!strings.Contains(report, "%d")):
			return Text{}, "Missing"
		}
		return Text{
			To: said["to"], From: said["from"], Text: said["text"], Callback: report, Reference: reference(report),
		}, ""
	}
	s.welcome = func(w http.ResponseWriter, _ Text) {
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "0: Accepted for delivery")
	}
	s.turnAway = refuseKannel
	return startSMSServer(t, s)
}

func refuseKannel(w http.ResponseWriter, status int, code string) {
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

// reference is the parameter id of an address.
func reference(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get("id")
}

// StartPlaySMS starts an SMS server with the contract of playSMS' web service pv, which answers 200 whatever it
// thinks. Without nofooter it signs texts, and without unicode it spoils those that are not in GSM-7.
func StartPlaySMS(t testing.TB) *Provider {
	s := new(smsServer)
	s.judge = func(r *http.Request, said fields) (Text, string) {
		switch {
		case r.URL.Path != "/index.php" || said["app"] != "ws" || said["op"] != "pv":
			return Text{}, "101"
		case said["u"] != User || said["h"] != Password:
			return Text{}, "100"
		case said["type"] != "text" || !said.oneOf("unicode", "0", "1"):
			return Text{}, "102"
		case !said.only("app", "op", "u", "h", "to", "msg", "from", "unicode", "type", "nofooter"):
			return Text{}, "102"
		case said["msg"] == "" || !plusDigits.MatchString(said["to"]):
			return Text{}, "201"
		}
		text := said["msg"]
		if said["unicode"] != "1" {
			text = spoil(text)
		}
		if said["nofooter"] != "1" {
			text += " - sent by playSMS"
		}
		return Text{To: said["to"], From: said["from"], Text: text}, ""
	}
	s.welcome = func(w http.ResponseWriter, t Text) {
		accepted := map[string]string{"status": "OK", "error": "0", "smslog_id": t.ID, "queue": "q", "to": t.To}
		answerJSON(w, http.StatusOK, map[string]any{"data": []any{accepted}, "error_string": nil})
	}
	s.turnAway = func(w http.ResponseWriter, status int, code string) {
		if status == 0 {
			status = http.StatusOK
		}
		answerJSON(w, status, map[string]any{"status": "ERR", "error": code, "error_string": "refused +15005550006"})
	}
	return startSMSServer(t, s)
}

// spoil is what arrives of a text that is sent as GSM-7 and is not in it.
func spoil(text string) string {
	return strings.Map(func(r rune) rune {
		if !inGSM7(string(r)) {
			return '?'
		}
		return r
	}, text)
}

// StartAndroid starts an SMS server with the contract of android-sms-gateway on a phone. The client names the text.
func StartAndroid(t testing.TB) *Provider {
	s := new(smsServer)
	s.judge = func(r *http.Request, said fields) (Text, string) {
		switch {
		case !basicAuth(r):
			return Text{}, "401"
		case r.URL.Path != "/message" || !said.only("/id", "/textMessage/text", "/phoneNumbers/0",
			"/withDeliveryReport:bool",
			"/ttl:number", "/priority:number"):
			return Text{}, "400"
		case longer(said["/id"], 36) || said["/textMessage/text"] == "" || !plusDigits.MatchString(said["/phoneNumbers/0"]):
			return Text{}, "400"
		case !said.between("/ttl:number", 5, 1<<31) || !said.between("/priority:number", -128, 127):
			return Text{}, "400"
		}
		return Text{
			ID: said["/id"], To: said["/phoneNumbers/0"], Text: said["/textMessage/text"], Reference: said["/id"],
		}, ""
	}
	s.repeated = func(Text, Text) string { return "409" }
	s.welcome = func(w http.ResponseWriter, t Text) {
		answerJSON(w, http.StatusAccepted, map[string]any{
			"id": t.ID, "deviceId": "d", "state": "Pending", "recipients": []any{},
		})
	}
	s.turnAway = byStatus(func(string) any { return map[string]string{"message": "refused +15005550006"} })
	return startSMSServer(t, s)
}
