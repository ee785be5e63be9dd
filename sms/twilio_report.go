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

// Reports returns an error unless the address and the token are configured that Twilio's signature covers.
func (t *Twilio) Reports() error {
	switch {
	case t.options.VerifyServiceSID != "":
		return errors.New("verify_service_sid: Verify reports no deliveries")
	case t.options.ReportURL == "":
		return errors.New("report_url: it is missing; expected the address of this directive as Twilio sees it, " +
			"like https://app.example.com/sms/reports")
	case t.options.AuthToken == "":
		return errors.New("auth_token: it is missing; Twilio signs reports with it, also where an api_key sends")
	}
	return nil
}

// twilioStates has the states that the gate acts on. The states before them, like queued and sending, are passed over.
var twilioStates = map[string]State{
	"sent": Sent, "delivered": Delivered, "read": Delivered,
	"undelivered": Undelivered, "failed": Undelivered, "canceled": Undelivered,
}

// ReadReports verifies the header X-Twilio-Signature, an HMAC-SHA1 of the address and the form. The signature covers
// no time, so the age of a report cannot be checked; a report that was recorded and is sent again holds nothing new.
func (t *Twilio) ReadReports(r *http.Request, body []byte, _ time.Time) ([]Report, error) {
	form, err := url.ParseQuery(string(body))
	if t.Reports() != nil || r.Method != http.MethodPost || err != nil ||
		!t.signed(r.Header.Get("X-Twilio-Signature"), form) {
		return nil, ErrForged
	}
	id := form.Get("MessageSid")
	account := form.Get("AccountSid")
	if id == "" || len(form["MessageSid"]) != 1 || account != "" && account != t.options.AccountSID {
		return nil, ErrUnreadable
	}
	state, ok := twilioStates[strings.ToLower(form.Get("MessageStatus"))]
	if !ok {
		return nil, nil
	}
	return []Report{{ID: id, State: state, Code: plainCode(form.Get("ErrorCode"))}}, nil
}

// signed reports whether a signature is that of the form at the configured address. The address of the request is not
// used, because the sender of the request chooses it. Twilio signs the address sometimes with the port and sometimes
// without, so both are accepted.
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

// portVariants is an address without and with the usual port of its scheme, or the address alone if it has another
// port.
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
