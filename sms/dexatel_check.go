package sms

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// MakesCodes reports whether Dexatel makes the codes.
func (d *Dexatel) MakesCodes() bool { return d.options.Remote }

// dexatelFound is an entry of the list of verifications.
type dexatelFound struct {
	MessageID string          `json:"message_id"`
	Phone     string          `json:"phone"`
	Code      json.RawMessage `json:"code"`
	Expires   string          `json:"expire_date"`
}

// Check asks Dexatel for verifications of this number with this code. That is a query of a list, not a question: what comes back
// is believed only as far as it says itself that it is a text of ours, with this code, and still holds. A filter that was not
// understood, or an entry that is over, opens nothing. Number and code travel in the address, as Dexatel wants it; they are in
// no log of ours.
func (d *Dexatel) Check(ctx context.Context, to phone.Number, ids []string, code string) (bool, error) {
	query := url.Values{"phone": {to.Digits()}, "code": {code}}
	a, err := d.account.call(ctx, http.MethodGet, "/v1/verifications?"+query.Encode(), nil)
	if err != nil {
		return false, err
	}
	var body dexatelAnswer
	var found []dexatelFound
	readable := json.Unmarshal(a.body, &body) == nil
	switch {
	case !a.ok() || body.refuses():
		return false, dexatelError(a, body)
	case !readable || json.Unmarshal(body.Data, &found) != nil:
		return false, a.unclear()
	}
	right := false
	for _, f := range found {
		right = f.fits(to, ids, code, d.account.client.now()) || right
	}
	return right, nil
}

func (f dexatelFound) fits(to phone.Number, ids []string, code string, now time.Time) bool {
	end, err := time.Parse(time.DateTime, f.Expires)
	return err == nil && now.Before(end) && f.MessageID != "" && slices.Contains(ids, f.MessageID) && strings.TrimPrefix(f.Phone, "+") == to.Digits() &&
		subtle.ConstantTimeCompare([]byte(strings.Trim(string(f.Code), `"`)), []byte(code)) == 1
}
