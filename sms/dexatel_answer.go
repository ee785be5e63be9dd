package sms

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// dexatelAnswer is the body of an answer. Data is an object or a list of objects: the documentation shows both.
// Errors are a list; some clients have also seen a single error beside the data.
type dexatelAnswer struct {
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Code json.RawMessage `json:"code"`
	} `json:"errors"`
	Code       json.RawMessage `json:"code"`
	Error      any             `json:"error"`
	Pagination json.RawMessage `json:"pagination"`
}

// dexatelBody reads the body of an answer. Some answers come without the wrapper: the body is then the data itself. A
// code beside the name of a text is the code in the text, and not that of an error.
func dexatelBody(raw []byte) (body dexatelAnswer, readable bool) {
	if json.Unmarshal(raw, &body) != nil {
		return body, false
	}
	if body.Data == nil {
		body.Data = raw
		if firstItem(raw).name() != "" {
			body.Code = nil
		}
	}
	return body, true
}

// refuses reports whether an answer names an error. It may do so with a status of success.
func (b dexatelAnswer) refuses() bool {
	return len(b.Errors) > 0 || b.Error != nil || digits(b.Code) != ""
}

// dexatelItem is the part of an accepted message or verification that is used.
type dexatelItem struct {
	ID        string `json:"id"`
	MessageID string `json:"message_id"`
	Status    string `json:"status"`
}

// name is Dexatel's name for the text.
func (i dexatelItem) name() string { return printable(cmp.Or(i.ID, i.MessageID)) }

// readDexatel finds out whether Dexatel accepted a text. The status decides, unless the body names an error; an
// accepted text whose answer cannot be read gets a receipt without an ID, because another attempt could send it
// twice.
func readDexatel(a answer) (Receipt, error) {
	body, readable := dexatelBody(a.body)
	if !a.ok() || readable && body.refuses() {
		return Receipt{}, dexatelError(a, body)
	}
	item := firstItem(body.Data)
	switch strings.ToLower(item.Status) {
	case "failed", "rejected", "expired":
		return Receipt{}, &Error{Class: Blocked, Status: a.status, Code: "status " + strings.ToLower(item.Status)}
	}
	return Receipt{ID: item.name()}, nil
}

// firstItem is the object, or the first of the list, in the data of an answer.
func firstItem(data json.RawMessage) dexatelItem {
	var item dexatelItem
	var list []dexatelItem
	if json.Unmarshal(data, &list) == nil && len(list) > 0 {
		return list[0]
	}
	_ = json.Unmarshal(data, &item)
	return item
}

// dexatelError is the error for an answer that refuses a request.
func dexatelError(a answer, body dexatelAnswer) *Error {
	if len(body.Errors) == 0 {
		return a.refusal(digits(body.Code), dexatelClasses)
	}
	return a.refusal(digits(body.Errors[0].Code), dexatelClasses)
}

// digits is a code that stands in JSON as a number or as a string of up to six digits; "" for anything else.
func digits(raw json.RawMessage) string {
	code := strings.Trim(string(raw), `"`)
	if len(code) > 6 || strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return code
}

// dexatelTimes are the forms of times: with a space and in UTC, or in ISO 8601, which may name its zone.
var dexatelTimes = []string{time.DateTime, time.RFC3339, "2006-01-02T15:04:05"}

// dexatelTime reads a time; the zero time, which is long ago, for anything else.
func dexatelTime(text string) time.Time {
	for _, form := range dexatelTimes {
		if at, err := time.Parse(form, text); err == nil {
			return at
		}
	}
	return time.Time{}
}
