package providers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"
)

// DeliveryEvent is a webhook for the event "delivery" as Dexatel makes it, signed with a secret. That of 2022 has its
// signature in hex; that of 2026 has it in base64, writes its words in capitals, and has the payload of the text.
func (d *Dexatel) DeliveryEvent(secret, id, status string, at time.Time) *http.Request {
	data := map[string]any{
		"account_id": dexatelAccountID, "message_id": id, "event": "delivery", "status": status, "to": "15005550006",
		"mccmnc": "28301", "price": "0.03", "timestamp": at.UTC().Format(time.DateTime),
	}
	if d.Revision == DexatelOf2026 {
		data["event"], data["status"], data["channel"] = "DELIVERY", strings.ToUpper(status), "SMS"
		data["payload"] = d.payloadOf(id)
	}
	body, _ := json.Marshal(map[string]any{"data": data})
	return d.Event(secret, body)
}

// Event is a webhook with a body, signed with a secret.
func (d *Dexatel) Event(secret string, body []byte) *http.Request {
	encode := hex.EncodeToString
	if d.Revision == DexatelOf2026 {
		encode = base64.StdEncoding.EncodeToString
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Dexatel-Signature", encode(mac.Sum(nil)))
	return r
}

// payloadOf is what the client added to a text, "" where the text is not known.
func (d *Dexatel) payloadOf(id string) string {
	for _, t := range d.Texts() {
		if t.ID == id {
			return t.Reference
		}
	}
	return ""
}

// Webhooks are the webhooks that are registered.
func (d *Dexatel) Webhooks() []map[string]any {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.webhooks)
}

// registerWebhook registers a webhook, one for each event.
func (d *Dexatel) registerWebhook(w http.ResponseWriter, r *http.Request, body []byte) {
	said, code := dataFields(body, "name", "channel", "url", "event", "secret")
	event := strings.ToLower(said["event"])
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case code != "":
	case !isURL(said["url"]), event != "delivery" && event != "message":
		code = "1005"
	case slices.ContainsFunc(d.webhooks, func(other map[string]any) bool { return other["event"] == event }):
		d.refuse(w, r, http.StatusConflict, "5")
		return
	}
	if code != "" {
		d.refuse(w, r, 0, code)
		return
	}
	d.webhooksMade++
	made := map[string]any{
		"id":         fmt.Sprintf("%08d-0000-4000-9000-000000000000", d.webhooksMade),
		"account_id": dexatelAccountID, "name": said["name"], "channel": said["channel"], "url": said["url"],
		"event": event, "secret": said["secret"],
	}
	d.webhooks = append(d.webhooks, made)
	writeData(w, http.StatusCreated, made)
}

// forgetWebhook ends a webhook, and reports whether there was one.
func (d *Dexatel) forgetWebhook(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := len(d.webhooks)
	d.webhooks = slices.DeleteFunc(d.webhooks, func(made map[string]any) bool { return made["id"] == id })
	return len(d.webhooks) < before
}
