package sms

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// verifyAddress is the address of a resource of our Verify service.
func (t *Twilio) verifyAddress(resource string) string {
	return t.options.VerifyURL + "/v2/Services/" + t.options.VerifyServiceSID + "/" + resource
}

// MakesCodes reports whether Twilio makes the codes.
func (t *Twilio) MakesCodes() bool { return t.options.Remote }

// Check asks Twilio whether a code is that of one of the verifications named ids. There is one, mostly: Twilio goes on with it while
// it is open.
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

// check asks about one verification. One that is over, was used up or never was cannot be told apart from a wrong code: Twilio has
// forgotten it, and says so with 20404. A bare 404 comes from somewhere else, and says nothing of the code.
func (t *Twilio) check(ctx context.Context, id, code string) (bool, error) {
	a, err := t.post(ctx, t.verifyAddress("VerificationCheck"), url.Values{"VerificationSid": {id}, "Code": {code}})
	if err != nil {
		return false, err
	}
	var body twilioAnswer
	unreadable := json.Unmarshal(a.body, &body) != nil
	switch said := digits(body.Code); {
	case said == "20404" && a.status == http.StatusNotFound, said == "60202": // after five checks
		return false, nil
	case !a.ok():
		return false, a.refusal(said, twilioClasses)
	case unreadable:
		return false, a.unclear()
	}
	return body.status() == "approved" && body.Valid, nil
}

// Confirms reports whether Twilio wants to hear of right codes: of ours that Verify has texted.
func (t *Twilio) Confirms() bool { return t.options.VerifyServiceSID != "" && !t.options.Remote }

// Confirm closes the verification named id. Until then Twilio takes it for open and may hold the next text back.
func (t *Twilio) Confirm(ctx context.Context, id string) error {
	if !isSID(id, "VE") {
		return nil // the answer to the text could not be read
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
