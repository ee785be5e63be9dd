package testenv

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Moods of Dexatel's own.
const (
	ObjectData   Mood = "data is an object"
	ArrayData    Mood = "data is a list"
	StringCodes  Mood = "error codes are strings, as in a bad number"
	OKWithErrors Mood = "200 with errors"
	Rejected     Mood = "201 with status rejected"
)

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
		d.list(w, r, d.senders)
	case "GET /v1/templates":
		d.list(w, r, d.templates)
	case "POST /v1/senders":
		d.create(w, r, body, &d.senders, judgeOrigin, "name", "channel", "type", "code", "countries")
	case "POST /v1/templates":
		d.create(w, r, body, &d.templates, judgeTemplate, "name", "channel", "text")
	default:
		d.refuse(w, r, http.StatusNotFound, "4")
	}
}

// strict decodes the wrapped data and refuses unknown fields.
func strict(body []byte, data any) string {
	var wrapper struct {
		Data json.RawMessage `json:"data"`
	}
	outer := json.NewDecoder(bytes.NewReader(body))
	outer.DisallowUnknownFields()
	if outer.Decode(&wrapper) != nil {
		return "1005"
	}
	if wrapper.Data == nil {
		return "1007"
	}
	inner := json.NewDecoder(bytes.NewReader(wrapper.Data))
	inner.DisallowUnknownFields()
	if inner.Decode(data) != nil {
		return "1005"
	}
	return ""
}

var plainDigits = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)

func judgeMessage(body []byte) (Text, string) {
	var m struct {
		Channel, From, Text string
		To                  []string
	}
	if code := strict(body, &m); code != "" {
		return Text{}, code
	}
	switch {
	case m.From == "":
		return Text{}, "1503"
	case len(m.To) != 1:
		return Text{}, "1506"
	case !plainDigits.MatchString(m.To[0]):
		return Text{}, "1523"
	case m.Text == "":
		return Text{}, "1508"
	case len(m.Text) > 1000:
		return Text{}, "1510"
	case m.Channel != "SMS":
		return Text{}, "1515"
	}
	return Text{To: m.To[0], From: m.From, Text: m.Text}, ""
}

func (d *Dexatel) judgeVerification(body []byte) (Text, string) {
	var m struct {
		Channel, Sender, Phone, Template, Code string
		Length                                 *int `json:"code_length"`
	}
	if code := strict(body, &m); code != "" {
		return Text{}, code
	}
	switch {
	case m.Sender == "":
		return Text{}, "1620"
	case !plainDigits.MatchString(m.Phone):
		return Text{}, "1621"
	case m.Template == "":
		return Text{}, "1622"
	case m.Length != nil && m.Code != "":
		return Text{}, "1629"
	case m.Length != nil && (*m.Length < 4 || *m.Length > 8):
		return Text{}, "1623"
	case m.Length == nil && (len(m.Code) < 4 || len(m.Code) > 8):
		return Text{}, "1631"
	case strings.Trim(m.Code, "0123456789") != "":
		return Text{}, "1632"
	case m.Channel != "SMS":
		return Text{}, "1515"
	}
	t := Text{To: m.Phone, From: m.Sender, Template: m.Template, Code: m.Code}
	if m.Length != nil {
		t.Code = sixDigits(len(d.Texts()))[:min(6, *m.Length)]
	}
	return t, ""
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
		"timestamp": "2026-01-01 00:00:00", "path": r.URL.Path, "method": r.Method, "status": status, "message": "refused", "code": n,
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
	if verification {
		d.mu.Lock()
		d.verifications = append(d.verifications, t)
		d.mu.Unlock()
	}
	item := map[string]any{"id": t.ID, "status": "enroute", "encoding": "GSM-7", "segments_count": 1}
	if verification {
		item = map[string]any{"message_id": t.ID, "expire_date": "2026-01-01 00:05:00"}
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

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func writeData(w http.ResponseWriter, status int, data any) {
	writeJSON(w, status, map[string]any{"data": data, "pagination": map[string]any{"number": 1, "size": 30, "total": 1}})
}

// check answers with the verifications that a code fits, and forgets them: a code is good once.
func (d *Dexatel) check(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("code") == "" || !plainDigits.MatchString(q.Get("phone")) {
		d.refuse(w, r, 0, "1621")
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	found := []any{}
	d.verifications = slices.DeleteFunc(d.verifications, func(t Text) bool {
		fits := t.To == q.Get("phone") && t.Code == q.Get("code")
		if fits {
			found = append(found, map[string]any{"phone": t.To, "code": t.Code, "message_id": t.ID, "expire_date": "2099-01-01 00:00:00"})
		}
		return fits
	})
	writeData(w, http.StatusOK, found)
}

// DeliveryEvent is a webhook for the event "delivery" as Dexatel makes it, signed with a secret.
func (d *Dexatel) DeliveryEvent(secret, id, status string, at time.Time) *http.Request {
	body := fmt.Sprintf(`{"data":{"account_id":"a","message_id":%q,"event":"delivery","status":%q,"to":"15005550006","mccmnc":"28301","price":"0.03","timestamp":%q}}`,
		id, status, at.UTC().Format(time.DateTime))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Dexatel-Signature", hex.EncodeToString(mac.Sum(nil)))
	return r
}
