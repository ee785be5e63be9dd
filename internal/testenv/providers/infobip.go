package providers

import (
	"net/http"
	"slices"
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
		exception := map[string]string{"messageId": code, "text": "no"}
		answerJSON(w, http.StatusUnauthorized, map[string]any{"requestError": map[string]any{"serviceException": exception}})
		return
	}
	if status == 0 {
		status, _ = strconv.Atoi(strings.TrimPrefix(code, "E"))
	}
	body := map[string]any{
		"description": "refused: 15005550006", "action": "", "violations": []any{}, "resources": []any{},
	}
	if code != "" {
		body["errorCode"] = code
	}
	answerJSON(w, status, body)
}

func (i *Infobip) answer(w http.ResponseWriter, id, group string, status int) {
	answerJSON(w, http.StatusOK, map[string]any{"bulkId": "b", "messages": []any{map[string]any{
		"messageId": id, "destination": "15005550006", "details": map[string]int{"messageCount": 1},
		"status": map[string]any{
			"groupId": 1, "groupName": group, "id": status, "name": group, "description": "to 15005550006",
		},
	}}})
}

func (i *Infobip) serve(_ *Provider, w http.ResponseWriter, r *http.Request, body []byte) {
	said := make(fields)
	switch {
	case r.Header.Get("Authorization") != "App "+i.Key:
		i.refuse(w, r, http.StatusUnauthorized, "E401")
	case r.Method != http.MethodPost || r.URL.Path != "/sms/3/messages" ||
		r.Header.Get("Content-Type") != "application/json":
		i.refuse(w, r, http.StatusNotFound, "E404")
	case !said.addJSON(body) || !said.only(infobipTo, infobipID, infobipSender, infobipText, infobipAmount, infobipUnit):
		i.refuse(w, r, http.StatusBadRequest, "E400")
	default:
		i.judge(w, r, said)
	}
}

// Where things stand in a request for one text.
const (
	infobipSender = "/messages/0/sender"
	infobipTo     = "/messages/0/destinations/0/to"
	infobipID     = "/messages/0/destinations/0/messageId"
	infobipText   = "/messages/0/content/text"
	infobipAmount = "/messages/0/options/validityPeriod/amount:number"
	infobipUnit   = "/messages/0/options/validityPeriod/timeUnit"
)

// judge refuses a text with a status where the request is good, and takes it otherwise. A name that came before is not
// taken again.
func (i *Infobip) judge(w http.ResponseWriter, r *http.Request, said fields) {
	known := func(t Text) bool { return t.Reference != "" && t.Reference == said[infobipID] }
	switch {
	case said[infobipSender] == "" || said[infobipText] == "" || longer(said[infobipID], 200):
		i.refuse(w, r, http.StatusBadRequest, "E400")
	case !said.between(infobipAmount, 1, 1<<31) || !said.oneOf(infobipUnit, "SECONDS", "MINUTES", "HOURS"):
		i.refuse(w, r, http.StatusBadRequest, "E400")
	case said[infobipTo] == "":
		i.refuse(w, r, 0, "51")
	case !plainDigits.MatchString(said[infobipTo]):
		i.refuse(w, r, 0, "52")
	case slices.ContainsFunc(i.Texts(), known):
		i.refuse(w, r, 0, "23")
	case len(said[infobipText]) > 4000 || parts(said[infobipText]) > 25:
		i.refuse(w, r, 0, "25")
	default:
		t := i.take(Text{
			ID: said[infobipID], To: said[infobipTo], From: said[infobipSender], Text: said[infobipText],
			Reference: said[infobipID],
		})
		i.answer(w, t.ID, "PENDING", 26)
	}
}
