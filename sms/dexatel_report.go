package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Reports returns an error without a secret by which reports can be verified.
func (d *Dexatel) Reports() error {
	if d.options.ReportSecret == "" {
		return errors.New("report_secret: it is missing; expected the secret that the webhook was registered with")
	}
	return nil
}

// Refers is true: Dexatel repeats the payload of a text in its reports.
func (*Dexatel) Refers() bool { return true }

// dexatelReport is the data of a webhook for the event "delivery". The documentation spells the words of Event and
// Status in lower case, in upper case and with a capital.
type dexatelReport struct {
	MessageID string          `json:"message_id"`
	Event     string          `json:"event"`
	Status    string          `json:"status"`
	Timestamp string          `json:"timestamp"`
	Payload   json.RawMessage `json:"payload"`
	Price     json.RawMessage `json:"price"`
	Network   json.RawMessage `json:"mccmnc"`
}

// dexatelStates has the documented states in lower case.
var dexatelStates = map[string]State{
	"sent": Sent, "delivered": Delivered, "read": Delivered,
	"failed": Undelivered, "rejected": Undelivered, "expired": Undelivered,
}

// maxDexatelAge is how old a report may be: Dexatel repeats a report that it could not deliver.
const maxDexatelAge = 24 * time.Hour

// ReadReports verifies the header X-Dexatel-Signature, an HMAC-SHA256 of the body. The signature may be in hex or in
// base64, because the documentation does not say which Dexatel uses.
func (d *Dexatel) ReadReports(r *http.Request, body []byte, now time.Time) ([]Report, error) {
	signature := r.Header.Get("X-Dexatel-Signature")
	if d.options.ReportSecret == "" || !signedSHA256(signature, d.options.ReportSecret, body) {
		return nil, ErrForged
	}
	var report dexatelReport
	envelope, readable := dexatelBody(body)
	if !readable || json.Unmarshal(envelope.Data, &report) != nil || report.MessageID == "" && report.payload() == "" {
		return nil, ErrUnreadable
	}
	at := dexatelTime(report.Timestamp)
	if at.Before(now.Add(-maxDexatelAge)) || at.After(now.Add(reportWindow)) {
		return nil, ErrStale
	}
	state, ok := dexatelStates[strings.ToLower(report.Status)]
	if !ok || !strings.EqualFold(report.Event, "delivery") {
		return nil, nil
	}
	return []Report{{
		ID: printable(report.MessageID), Reference: report.payload(), State: state,
		Price: price(text(report.Price)), Network: network(text(report.Network)),
	}}, nil
}

// payload is what the report repeats of the request by which the gate sent the text: the gate's name for the text.
func (r dexatelReport) payload() string { return printable(text(r.Payload)) }

// signedSHA256 compares a signature in hex or base64 with the HMAC-SHA256 of a body, in constant time.
func signedSHA256(signature, secret string, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	want := mac.Sum(nil)
	if got, err := hex.DecodeString(signature); err == nil && hmac.Equal(got, want) {
		return true
	}
	got, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && hmac.Equal(got, want)
}
