package testenv

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Infobip is a provider that enforces the documented contract of Infobip's SMS API, version 3.
type Infobip struct {
	*Provider
	Key string
}

// StartInfobip starts the provider.
func StartInfobip(t testing.TB) *Infobip {
	t.Helper()
	i := &Infobip{Key: "a-key-of-infobip"}
	i.Provider = startProvider(t, i)
	return i
}

// refuse answers a text that is rejected with 200, and a request that is with an error code.
func (i *Infobip) refuse(w http.ResponseWriter, _ *http.Request, status int, code string) {
	if id, err := strconv.Atoi(code); err == nil {
		i.answer(w, "message-0", "REJECTED", id)
		return
	}
	if code == "UNAUTHORIZED" {
		answerJSON(w, http.StatusUnauthorized, map[string]any{"requestError": map[string]any{"serviceException": map[string]string{"messageId": code, "text": "no"}}})
		return
	}
	if status == 0 {
		status, _ = strconv.Atoi(strings.TrimPrefix(code, "E"))
	}
	body := map[string]any{"description": "refused: 15005550006", "action": "", "violations": []any{}, "resources": []any{}}
	if code != "" {
		body["errorCode"] = code
	}
	answerJSON(w, status, body)
}

func (i *Infobip) answer(w http.ResponseWriter, id, group string, status int) {
	answerJSON(w, http.StatusOK, map[string]any{"bulkId": "b", "messages": []any{map[string]any{
		"messageId": id, "destination": "15005550006", "details": map[string]int{"messageCount": 1},
		"status": map[string]any{"groupId": 1, "groupName": group, "id": status, "name": group, "description": "to 15005550006"},
	}}})
}

func (i *Infobip) serve(_ *Provider, w http.ResponseWriter, r *http.Request, body []byte) {
	var m struct {
		Messages []struct {
			Sender       string
			Destinations []struct{ To, MessageID string }
			Content      struct{ Text string }
			Options      struct {
				ValidityPeriod struct {
					Amount   int
					TimeUnit string
				}
			}
		}
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	switch {
	case r.Header.Get("Authorization") != "App "+i.Key:
		i.refuse(w, r, http.StatusUnauthorized, "E401")
	case r.Method != http.MethodPost || r.URL.Path != "/sms/3/messages" || r.Header.Get("Content-Type") != "application/json":
		i.refuse(w, r, http.StatusNotFound, "E404")
	case d.Decode(&m) != nil || len(m.Messages) != 1 || len(m.Messages[0].Destinations) != 1:
		i.refuse(w, r, http.StatusBadRequest, "E400")
	default:
		message := m.Messages[0]
		to, period := message.Destinations[0], message.Options.ValidityPeriod
		switch {
		case !plainDigits.MatchString(to.To):
			i.refuse(w, r, 0, "52")
		case message.Sender == "" || message.Content.Text == "" || len(to.MessageID) > 200 || period.Amount < 1 || period.TimeUnit != "SECONDS":
			i.refuse(w, r, http.StatusBadRequest, "E400")
		default:
			t := i.take(Text{ID: to.MessageID, To: to.To, From: message.Sender, Text: message.Content.Text, Reference: to.MessageID})
			i.answer(w, t.ID, "PENDING", 26)
		}
	}
}
