package providers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Revision is a published form of Dexatel's API. Nothing in an answer says which one is spoken.
type Revision string

// The revisions. That of 2022 wraps all answers in data, has the code in its list of verifications, and writes times
// as 2026-01-02 03:04:05. That of 2026 answers a new verification without the wrapper, lists verifications without
// the code and with times in ISO 8601, repeats the client's payload in reports, and writes their words in capitals.
const (
	DexatelOf2022 Revision = "2022"
	DexatelOf2026 Revision = "2026"
)

// DexatelRevisions are all of them.
var DexatelRevisions = []Revision{DexatelOf2022, DexatelOf2026}

// Moods of Dexatel's own.
const (
	ObjectData    Mood = "data is an object"
	ArrayData     Mood = "data is a list"
	BareData      Mood = "no data around the answer"
	CodeInClear   Mood = "no data around the answer, and the code in it"
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
	Key      string
	Revision Revision

	mu            sync.Mutex
	verifications []Text // not yet taken
	senders       []map[string]any
	templates     []map[string]any
	webhooks      []map[string]any
	webhooksMade  int // also those that are gone
}

// StartDexatel starts the provider with the API of 2022.
func StartDexatel(t testing.TB) *Dexatel {
	t.Helper()
	return StartDexatelOf(t, DexatelOf2022)
}

// StartDexatelOf starts the provider with one revision of its API.
func StartDexatelOf(t testing.TB, revision Revision) *Dexatel {
	t.Helper()
	d := &Dexatel{Key: "0123456789abcdef0123456789abcdef", Revision: revision}
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
	case "GET /v1/webhooks":
		d.list(w, r, d.webhooks)
	case "POST /v1/webhooks":
		d.registerWebhook(w, r, body)
	default:
		d.routeItem(w, r)
	}
}

// routeItem serves what stands at an address of its own.
func (d *Dexatel) routeItem(w http.ResponseWriter, r *http.Request) {
	id, webhook := strings.CutPrefix(r.URL.Path, "/v1/webhooks/")
	if !webhook || r.Method != http.MethodDelete || !d.forgetWebhook(id) {
		d.refuse(w, r, http.StatusNotFound, "4")
		return
	}
	w.WriteHeader(http.StatusNoContent)
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
	m, code := dataFields(body, "channel", "from", "to/0", "text", "payload", "number_formatting:bool")
	switch {
	case code != "":
		return Text{}, code
	case longer(m["payload"], maxPayload):
		return Text{}, "1705"
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
	return Text{To: m.formatted("to/0"), From: m["from"], Text: m["text"], Reference: m["payload"]}, ""
}

// maxPayload is how many characters a client may add to a text, for itself.
const maxPayload = 500

// zeroBehindCountry is a number of the Ivory Coast, of the Congo or of a landline in Italy as it is written in full.
var zeroBehindCountry = regexp.MustCompile(`^(225|242|39)0`)

// formatted is the number that a text goes to: unless the client forbids that, a zero behind the country code goes,
// also where that zero is a part of the number.
func (f fields) formatted(name string) string {
	if f["number_formatting:bool"] == "false" {
		return f[name]
	}
	return zeroBehindCountry.ReplaceAllString(f[name], "$1")
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
		item = d.newVerification(t, mood)
		d.keep(t)
	}
	if mood == Rejected {
		item["status"] = "rejected"
	}
	switch {
	case mood == BareData, mood == CodeInClear:
		writeJSON(w, http.StatusCreated, item)
	case mood == ArrayData, mood != ObjectData && !verification:
		writeData(w, http.StatusCreated, []any{item})
	case mood != ObjectData && d.Revision == DexatelOf2026:
		writeJSON(w, http.StatusOK, item)
	default:
		writeData(w, http.StatusCreated, item)
	}
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
