package providers

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// PartlyAccepted is a mood of Vonage's: the first part of a long text is accepted, and the second one is not.
const PartlyAccepted Mood = "one part of two is accepted"

// Vonage is a provider that enforces the documented contract of Vonage's SMS API.
type Vonage struct {
	*Provider
	Key, Secret string
}

// StartVonage starts the provider.
func StartVonage(t testing.TB) *Vonage {
	t.Helper()
	v := &Vonage{Key: "abcd1234", Secret: "a-secret-of-vonage"}
	v.Provider = startProvider(t, v)
	return v
}

func (v *Vonage) serve(p *Provider, w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	ttl, ttlErr := strconv.Atoi(form.Get("ttl"))
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/sms/json" ||
		r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || err != nil:
		w.WriteHeader(http.StatusNotFound)
	case form.Get("api_key") != v.Key || form.Get("api_secret") != v.Secret:
		v.refuse(w, r, 0, "4")
	case form.Get("from") == "" || form.Get("to") == "" || form.Get("text") == "":
		v.refuse(w, r, 0, "2")
	case !only(form, "api_key", "api_secret", "from", "to", "text", "type", "client-ref", "ttl", "callback",
		"status-report-req"):
		v.refuse(w, r, 0, "3")
	case !plainDigits.MatchString(form.Get("to")):
		v.refuse(w, r, 0, "6")
	case form.Get("type") != "text" && form.Get("type") != "unicode" || longer(form.Get("client-ref"), 40):
		v.refuse(w, r, 0, "3")
	case form.Has("callback") && !isURL(form.Get("callback")):
		v.refuse(w, r, 0, "23")
	case form.Has("status-report-req") && form.Get("status-report-req") != "0" && form.Get("status-report-req") != "1":
		v.refuse(w, r, 0, "3")
	case form.Has("ttl") && (ttlErr != nil || ttl < 20000 || ttl > 604800000):
		v.refuse(w, r, 0, "3")
	case p.Mood() == PartlyAccepted:
		answerJSON(w, http.StatusOK, map[string]any{
			"message-count": "2",
			"messages":      []map[string]string{{"status": "0", "message-id": "x"}, {"status": "5"}},
		})
	default:
		v.accept(w, form)
	}
}

// accept takes the text, and names each part of it. As text, characters that are not in GSM-7 arrive as question
// marks. Who does not ask for a receipt gets none, whatever callback says.
func (v *Vonage) accept(w http.ResponseWriter, form url.Values) {
	text, callback := form.Get("text"), form.Get("callback")
	if form.Get("type") == "text" {
		text = spoil(text)
	}
	if form.Get("status-report-req") != "1" {
		callback = ""
	}
	t := v.take(Text{
		ID: fmt.Sprintf("0A0000000123ABC%d", len(v.Texts())+1), To: form.Get("to"), From: form.Get("from"), Text: text,
		Reference: form.Get("client-ref"), Callback: callback,
	})
	var all []map[string]string
	for n := range parts(text) {
		id := t.ID
		if n > 0 {
			id = fmt.Sprintf("%s-%d", t.ID, n+1)
		}
		all = append(all, map[string]string{
			"to": t.To, "message-id": id, "status": "0", "remaining-balance": "3.14", "message-price": "0.03",
			"network": "12345", "client-ref": t.Reference,
		})
	}
	answerJSON(w, http.StatusOK, map[string]any{"message-count": strconv.Itoa(len(all)), "messages": all})
}

// refuse answers 200 with a status, as Vonage does; only its front has HTTP statuses.
func (v *Vonage) refuse(w http.ResponseWriter, _ *http.Request, status int, code string) {
	if status != 0 && code == "" {
		w.WriteHeader(status)
		return
	}
	text := "refused: 15005550006"
	if code == "1" {
		text = "Throughput Rate Exceeded - please wait [ 702 ] and retry"
	}
	answerJSON(w, http.StatusOK, map[string]any{
		"message-count": "1",
		"messages":      []map[string]string{{"status": code, "error-text": text}},
	})
}

// Receipt is a delivery receipt as Vonage makes it, in one of three ways to send it: "query", "form" or "json".
func (v *Vonage) Receipt(way, method, secret, id, status string, at time.Time) *http.Request {
	params := map[string]string{
		"msisdn": "15005550006", "to": "Acme=&Co", "network-code": "12345", "messageId": id, "price": "0.03",
		"status": status, "scts": "2601010000", "err-code": "0", "api-key": v.Key,
		"message-timestamp": at.UTC().Format(time.DateTime),
		"timestamp":         strconv.FormatInt(at.Unix(), 10), "nonce": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
	}
	if status == "failed" || status == "rejected" || status == "expired" {
		params["err-code"] = "6"
	}
	for _, t := range v.Texts() {
		if t.ID == id && t.Reference != "" {
			params["client-ref"] = t.Reference
		}
	}
	params["sig"] = signReceipt(method, secret, params)
	form := url.Values{}
	for name, value := range params {
		form.Set(name, value)
	}
	switch way {
	case "query":
		return httptest.NewRequest(http.MethodGet, "/?"+form.Encode(), nil)
	case "json":
		body, _ := json.Marshal(params)
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		return r
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func signReceipt(method, secret string, params map[string]string) string {
	base := ""
	for _, name := range slices.Sorted(maps.Keys(params)) {
		base += "&" + name + "=" + strings.ReplaceAll(strings.ReplaceAll(params[name], "&", "_"), "=", "_")
	}
	if method == "md5hash" {
		sum := md5.Sum([]byte(base + secret))
		return hex.EncodeToString(sum[:])
	}
	mac := hmac.New(map[string]func() hash.Hash{
		"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New,
	}[method], []byte(secret))
	mac.Write([]byte(base))
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}
