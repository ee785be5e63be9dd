package providers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Moods of Dexatel's own.
const (
	ObjectData    Mood = "data is an object"
	ArrayData     Mood = "data is a list"
	StringCodes   Mood = "error codes are strings, as in a bad number"
	OKWithErrors  Mood = "200 with errors"
	Rejected      Mood = "201 with status rejected"
	FilterIgnored Mood = "the list of verifications ignores the code"
	ExpiredEntry  Mood = "the list has a verification that is over"
	TwoEntries    Mood = "the list has each verification twice"
)

// dexatelAccountID is the account that everything belongs to.
const dexatelAccountID = "acc00000-0000-4000-8000-000000000000"

// Dexatel is a provider that enforces the documented contract of Dexatel's API.
type Dexatel struct {
	*Provider
	Key string

	mu            sync.Mutex
	verifications []Text // not yet taken
	senders       []map[string]any
	templates     []map[string]any
}

// StartDexatel starts the provider.
func StartDexatel(t testing.TB) *Dexatel {
	t.Helper()
	d := &Dexatel{Key: "0123456789abcdef0123456789abcdef"}
	d.Provider = startProvider(t, d)
	return d
}

func (d *Dexatel) serve(p *Provider, w http.ResponseWriter, r *http.Request, body []byte) {
	mood := p.Mood()
	switch {
	case r.Header.Get("X-Dexatel-Key") != d.Key:
		d.refuse(w, r, http.StatusUnauthorized, "2")
	case mood == OKWithErrors:
		fmt.Fprint(w, `{"errors":[{"code":1530,"message":"blocked"}]}`)
	case mood == StringCodes:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"errors":[{"code":"1523","message":"number `+"15005550006"+` is bad"}]}`)
	case r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/json":
		d.refuse(w, r, http.StatusUnsupportedMediaType, "3")
	default:
		d.route(w, r, body)
	}
}

func (d *Dexatel) route(w http.ResponseWriter, r *http.Request, body []byte) {
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/messages":
		t, code := judgeMessage(body)
		d.accept(w, r, t, code)
	case "POST /v1/verifications":
		t, code := d.judgeVerification(body)
		d.accept(w, r, t, code)
	case "GET /v1/verifications":
		d.check(w, r)
	case "GET /v1/senders":
		d.list(w, r, d.senders, "filter[channel]", "filter[type]", "filter[name]", "filter[status]")
	case "GET /v1/templates":
		d.list(w, r, d.templates, "filter[channel]", "filter[name]", "filter[status]")
	case "POST /v1/senders":
		d.create(w, r, body, &d.senders, judgeOrigin, "name", "channel", "type", "code", "countries")
	case "POST /v1/templates":
		d.create(w, r, body, &d.templates, judgeTemplate, "name", "channel", "text")
	default:
		d.refuse(w, r, http.StatusNotFound, "4")
	}
}

// unwrap is the object under "data", or the code to refuse the body with.
func unwrap(body []byte) (map[string]any, string) {
	var wrapper map[string]any
	if !decode(body, &wrapper) {
		return nil, "1005"
	}
	data, ok := wrapper["data"].(map[string]any)
	switch {
	case wrapper["data"] == nil:
		return nil, "1007"
	case !ok || len(wrapper) != 1:
		return nil, "1005"
	}
	return data, ""
}

// dataFields are the values under "data", if there are no others than those allowed.
func dataFields(body []byte, allowed ...string) (fields, string) {
	data, code := unwrap(body)
	said := make(fields)
	for name, value := range data {
		said.add(name, value)
	}
	if code == "" && !said.only(allowed...) {
		code = "1005"
	}
	return said, code
}

var (
	plainDigits = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)
	uuid        = regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)
)

// isOrigin reports whether texts can come from a name of 11 characters at the most, or a number of 15 digits.
func isOrigin(code string) bool {
	if strings.Trim(code, "0123456789") == "" {
		return len(code) <= 15
	}
	return !longer(code, 11)
}

func judgeMessage(body []byte) (Text, string) {
	m, code := dataFields(body, "channel", "from", "to/0", "text")
	switch {
	case code != "":
		return Text{}, code
	case m["from"] == "":
		return Text{}, "1503"
	case !isOrigin(m["from"]):
		return Text{}, "1504"
	case m["to/0"] == "":
		return Text{}, "1506"
	case !plainDigits.MatchString(m["to/0"]):
		return Text{}, "1523"
	case m["text"] == "":
		return Text{}, "1508"
	case longer(m["text"], 1000):
		return Text{}, "1510"
	case m["channel"] != "SMS":
		return Text{}, "1515"
	}
	return Text{To: m["to/0"], From: m["from"], Text: m["text"]}, ""
}

// refuse answers with errors as they are documented: a number, in a list.
func (d *Dexatel) refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	if status == 0 {
		status = http.StatusBadRequest
	}
	n, _ := strconv.Atoi(code)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]any{{
		"timestamp": "2026-01-01 00:00:00", "path": r.URL.Path, "method": r.Method, "status": status, "message": "refused",
		"code": n,
	}}})
}

func (d *Dexatel) accept(w http.ResponseWriter, r *http.Request, t Text, code string) {
	mood := d.Mood()
	if code != "" {
		d.refuse(w, r, http.StatusBadRequest, code)
		return
	}
	if mood != Rejected {
		t = d.take(t)
	}
	verification := r.URL.Path == "/v1/verifications"
	item := messageItem(t)
	if verification {
		item = verificationItem(t)
		delete(item, "code") // in the list only
		d.keep(t)
	}
	if mood == Rejected {
		item["status"] = "rejected"
	}
	var data any = []any{item}
	if mood == ObjectData || mood != ArrayData && verification {
		data = item
	}
	writeData(w, http.StatusCreated, data)
}

// messageItem is a message as Dexatel shows it.
func messageItem(t Text) map[string]any {
	made := t.At.UTC().Format(time.DateTime)
	return map[string]any{
		"id": t.ID, "account_id": dexatelAccountID, "from": t.From, "to": []string{t.To}, "text": t.Text, "channel": "SMS",
		"status": "enroute", "create_date": made, "update_date": made, "encoding": "GSM-7", "segments_count": parts(t.Text),
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func writeData(w http.ResponseWriter, status int, data any) {
	writeJSON(w, status, map[string]any{"data": data, "pagination": map[string]any{"number": 1, "size": 30, "total": 1}})
}

// DeliveryEvent is a webhook for the event "delivery" as Dexatel makes it, signed with a secret.
func (d *Dexatel) DeliveryEvent(secret, id, status string, at time.Time) *http.Request {
	body := fmt.Sprintf(`{"data":{"account_id":"a","message_id":%q,"event":"delivery","status":%q,`+
		`"to":"15005550006","mccmnc":"28301","price":"0.03","timestamp":%q}}`,
		id, status, at.UTC().Format(time.DateTime))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Dexatel-Signature", hex.EncodeToString(mac.Sum(nil)))
	return r
}
