package sms

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Reports are trusted once it is known what Twilio signs: with which token, and for which address.
func (t *Twilio) Reports() error {
	switch {
	case t.options.VerifyServiceSID != "":
		return errors.New("verify_service_sid: Verify reports no deliveries")
	case t.options.ReportURL == "":
		return errors.New("report_url: it is missing; expected the address of this directive as Twilio sees it, like https://app.example.com/sms/reports")
	case t.options.AuthToken == "":
		return errors.New("auth_token: it is missing; Twilio signs reports with it, also where an api_key sends")
	}
	return nil
}

// twilioStates are the states that mean something; before them a text is queued or sending.
var twilioStates = map[string]State{
	"sent": Sent, "delivered": Delivered, "read": Delivered, "undelivered": Undelivered, "failed": Undelivered, "canceled": Undelivered,
}

// ReadReports verifies the header X-Twilio-Signature, an HMAC-SHA1 of the address and the form. There is no time in it; a
// report that is recorded and sent again tells what is known already.
func (t *Twilio) ReadReports(r *http.Request, body []byte, _ time.Time) ([]Report, error) {
	form, err := url.ParseQuery(string(body))
	if t.Reports() != nil || r.Method != http.MethodPost || err != nil || !t.signed(r.Header.Get("X-Twilio-Signature"), form) {
		return nil, ErrForged
	}
	id := form.Get("MessageSid")
	if id == "" || len(form["MessageSid"]) != 1 || form.Get("AccountSid") != "" && form.Get("AccountSid") != t.options.AccountSID {
		return nil, ErrUnreadable
	}
	state, ok := twilioStates[form.Get("MessageStatus")]
	if !ok {
		return nil, nil
	}
	return []Report{{ID: id, State: state, Code: plainCode(form.Get("ErrorCode"))}}, nil
}

// signed compares a signature with that of the form at our configured address: never at the one of the request, which
// whoever sends it chooses. Twilio is not consistent about the port, so the address counts with and without it.
func (t *Twilio) signed(signature string, form url.Values) bool {
	got, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(got) != sha1.Size {
		return false
	}
	right := false
	for _, address := range portVariants(t.options.ReportURL) {
		mac := hmac.New(sha1.New, []byte(t.options.AuthToken))
		mac.Write([]byte(address))
		for _, name := range slices.Sorted(maps.Keys(form)) {
			for _, value := range form[name] {
				mac.Write([]byte(name + value))
			}
		}
		right = hmac.Equal(got, mac.Sum(nil)) || right
	}
	return right
}

// portVariants are an address with its port left out and written out.
func portVariants(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	port := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	if u.Port() != "" && u.Port() != port {
		return []string{address}
	}
	bare, written := *u, *u
	bare.Host = strings.TrimSuffix(u.Host, ":"+port)
	written.Host = bare.Host + ":" + port
	return []string{bare.String(), written.String()}
}
