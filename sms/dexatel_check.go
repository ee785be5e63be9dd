package sms

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// MakesCodes reports whether Dexatel makes the codes, which the option Remote says.
func (d *Dexatel) MakesCodes() bool { return d.options.Remote }

// Check asks Dexatel for its list of verifications with this number and this code. Dexatel has no request that checks
// a code, so Check believes an entry of the list only if the entry is about the latest of ids, names this number, and
// has an expiry that has not come: a newer text ends the codes of those before it, whatever Dexatel takes. Where the
// entry has a code, that must be the typed one. Where the entry has none, as in the newest revision of the API, Check
// believes it only if Dexatel lists nothing for another code; a list that does not depend on the code proves nothing.
// In all other cases the code is wrong. The number and the code stand in the address of the request, as Dexatel
// requires; no log or error of this package has them.
func (d *Dexatel) Check(ctx context.Context, to phone.Number, ids []string, code string) (bool, error) {
	if len(ids) == 0 {
		return false, nil
	}
	found, err := d.list(ctx, to, code)
	if err != nil {
		return false, err
	}
	id, now, silent := ids[len(ids)-1], d.account.client.now(), false
	for _, f := range found {
		if !f.isOf(to, id, now) {
			continue
		}
		if f.proves(code) {
			return true, nil
		}
		silent = silent || f.code() == ""
	}
	if !silent {
		return false, nil
	}
	others, err := d.list(ctx, to, anotherCode(code))
	return err == nil && len(others) == 0, err
}

// list asks for the verifications that have this number and this code.
func (d *Dexatel) list(ctx context.Context, to phone.Number, code string) ([]dexatelFound, error) {
	query := url.Values{"phone": {to.Digits()}, "code": {code}}
	a, err := d.account.call(ctx, http.MethodGet, "/v1/verifications?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	var found []dexatelFound
	body, readable := dexatelBody(a.body)
	switch {
	case !a.ok() || body.refuses():
		return nil, dexatelError(a, body)
	case !readable || json.Unmarshal(body.Data, &found) != nil:
		return nil, a.unclear()
	}
	return found, nil
}

// anotherCode is a code of the same length, of which no digit is the same.
func anotherCode(code string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+5)%10 }, code)
}

// dexatelFound is an entry of the list of verifications.
type dexatelFound struct {
	MessageID string          `json:"message_id"`
	Phone     string          `json:"phone"`
	Code      json.RawMessage `json:"code"`
	Expires   string          `json:"expire_date"`
}

// isOf reports whether the entry is about the text id to this number, and has not expired.
func (f dexatelFound) isOf(to phone.Number, id string, now time.Time) bool {
	return id != "" && f.MessageID == id && strings.TrimPrefix(f.Phone, "+") == to.Digits() &&
		now.Before(dexatelTime(f.Expires))
}

// code is the code of the entry, "" where it has none. A code that is a number in JSON has lost the zeros before it.
func (f dexatelFound) code() string {
	if raw := string(f.Code); raw != "null" {
		return strings.Trim(raw, `"`)
	}
	return ""
}

// proves reports whether the entry has this code.
func (f dexatelFound) proves(code string) bool {
	if len(f.Code) > 0 && f.Code[0] != '"' {
		code = cmp.Or(strings.TrimLeft(code, "0"), "0")
	}
	return f.code() != "" && subtle.ConstantTimeCompare([]byte(f.code()), []byte(code)) == 1
}
