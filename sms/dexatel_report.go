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

// dexatelReport is the body of a webhook for the event "delivery".
type dexatelReport struct {
	Data struct {
		MessageID string `json:"message_id"`
		Event     string `json:"event"`
		Status    string `json:"status"`
		Timestamp string `json:"timestamp"`
	} `json:"data"`
}

// dexatelStates has the documented states in lower case; the documentation spells them in lower case and in upper
// case.
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
	if json.Unmarshal(body, &report) != nil || report.Data.MessageID == "" {
		return nil, ErrUnreadable
	}
	at, err := time.Parse(time.DateTime, report.Data.Timestamp)
	if err != nil || at.Before(now.Add(-maxDexatelAge)) || at.After(now.Add(reportWindow)) {
		return nil, ErrStale
	}
	state, ok := dexatelStates[strings.ToLower(report.Data.Status)]
	if !ok || report.Data.Event != "delivery" {
		return nil, nil
	}
	return []Report{{ID: report.Data.MessageID, State: state}}, nil
}

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
