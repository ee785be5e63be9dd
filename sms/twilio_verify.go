package sms

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// verifyAddress is the address of a resource of the configured Verify service.
func (t *Twilio) verifyAddress(resource string) string {
	return t.options.VerifyURL + "/v2/Services/" + t.options.VerifyServiceSID + "/" + resource
}

// MakesCodes reports whether Twilio makes the codes, which the option Remote says.
func (t *Twilio) MakesCodes() bool { return t.options.Remote }

// Check asks Twilio whether a code is that of one of the verifications named ids, the latest first. Mostly there is
// one, because Twilio sends further texts under the same verification while it is open.
func (t *Twilio) Check(ctx context.Context, _ phone.Number, ids []string, code string) (bool, error) {
	for _, id := range slices.Backward(ids) {
		if !isSID(id, "VE") {
			continue
		}
		if right, err := t.check(ctx, id, code); right || err != nil {
			return right, err
		}
	}
	return false, nil
}

// check asks Twilio about one verification. Twilio answers with the code 20404 for a verification that has expired,
// was used up or never existed; that counts as a wrong code, because Twilio knows no more. A 404 without that code
// does not come from Verify, and says nothing about the code. 60202 says that five codes were checked already.
func (t *Twilio) check(ctx context.Context, id, code string) (bool, error) {
	a, err := t.post(ctx, t.verifyAddress("VerificationCheck"), url.Values{"VerificationSid": {id}, "Code": {code}})
	if err != nil {
		return false, err
	}
	var body twilioAnswer
	unreadable := json.Unmarshal(a.body, &body) != nil
	switch errorCode := digits(body.Code); {
	case errorCode == "20404" && a.status == http.StatusNotFound, errorCode == "60202":
		return false, nil
	case !a.ok():
		return false, a.refusal(errorCode, twilioClasses)
	case unreadable:
		return false, a.unclear()
	}
	return body.status() == "approved" && body.Valid, nil
}

// Confirms reports whether Twilio wants to hear of right codes: Verify does, of the codes that the gate makes.
func (t *Twilio) Confirms() bool { return t.options.VerifyServiceSID != "" && !t.options.Remote }

// Confirm closes the verification named id. While the verification is open, Twilio may hold the next text back.
func (t *Twilio) Confirm(ctx context.Context, id string) error {
	if !isSID(id, "VE") {
		return nil // Twilio's answer to the text could not be read, so its name for the verification is not known
	}
	a, err := t.post(ctx, t.verifyAddress("Verifications/"+id), url.Values{"Status": {"approved"}})
	if err != nil {
		return err
	}
	if !a.ok() {
		var body twilioAnswer
		_ = json.Unmarshal(a.body, &body)
		return a.refusal(digits(body.Code), twilioClasses)
	}
	return nil
}
