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

// MakesCodes reports whether Dexatel makes the codes, which the option Remote says.
func (d *Dexatel) MakesCodes() bool { return d.options.Remote }

// dexatelFound is an entry of the list of verifications.
type dexatelFound struct {
	MessageID string          `json:"message_id"`
	Phone     string          `json:"phone"`
	Code      json.RawMessage `json:"code"`
	Expires   string          `json:"expire_date"`
}

// Check asks Dexatel for its list of verifications with this number and this code. Dexatel has no request that
// checks a code, so Check believes an entry of the list only if the entry itself names this number, this code, one
// of ids and an expiry that has not come. If Dexatel did not understand the filter, or the verification is over, the
// code is wrong. The number and the code stand in the address of the request, as Dexatel requires; no log or error
// of this package has them.
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
		right = f.proves(to, ids, code, d.account.client.now()) || right
	}
	return right, nil
}

// proves reports whether the entry is one of the texts ids to this number, has this code, and has not expired.
func (f dexatelFound) proves(to phone.Number, ids []string, code string, now time.Time) bool {
	end, err := time.Parse(time.DateTime, f.Expires)
	return err == nil && now.Before(end) && f.MessageID != "" && slices.Contains(ids, f.MessageID) &&
		strings.TrimPrefix(f.Phone, "+") == to.Digits() &&
		subtle.ConstantTimeCompare([]byte(strings.Trim(string(f.Code), `"`)), []byte(code)) == 1
}
