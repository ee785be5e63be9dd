package sms

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// DexatelURL is where Dexatel's API is.
const DexatelURL = "https://api.dexatel.com"

// DexatelOptions are the settings of an account at Dexatel.
type DexatelOptions struct {
	APIKey       string        // required
	From         string        // required: an approved sender
	Template     string        // the ID of an approved template; without one the text of the gate is sent
	Remote       bool          // Dexatel makes the codes, of the configured length, and checks them
	ReportSecret string        // the secret by which Dexatel signs reports; without it all reports are refused
	BaseURL      string        // default DexatelURL
	Timeout      time.Duration // default DefaultTimeout
}

// Dexatel sends through Dexatel in one of three ways. Without a template it sends a message with the text of the
// gate. With a template it starts a verification with the code of the gate, which Dexatel puts into the template.
// With Remote it starts a verification whose code Dexatel makes and checks.
type Dexatel struct {
	options DexatelOptions
	account *DexatelAccount
}

var (
	_ Sender      = (*Dexatel)(nil)
	_ CodeLimiter = (*Dexatel)(nil)
	_ Checker     = (*Dexatel)(nil)
	_ Reporter    = (*Dexatel)(nil)
)

// NewDexatel returns a sender. Errors name the option that is wrong.
func NewDexatel(o DexatelOptions) (*Dexatel, error) {
	account, err := NewDexatelAccount(o.APIKey, o.BaseURL, o.Timeout)
	switch {
	case err != nil:
		return nil, err
	case o.From == "":
		return nil, errors.New("from: it is missing; expected the name of an approved sender")
	case o.Remote && o.Template == "":
		return nil, errors.New("check remote: it needs a template, into which Dexatel puts the code")
	}
	return &Dexatel{options: o, account: account}, nil
}

// Name is "dexatel".
func (*Dexatel) Name() string { return "dexatel" }

// MaxCodeLength is 8 with a template (Dexatel's error 1631), and otherwise 10, the longest code of the gate.
func (d *Dexatel) MaxCodeLength() int {
	if d.options.Template != "" {
		return 8
	}
	return 10
}

// dexatelMessage is the data of POST /v1/messages.
type dexatelMessage struct {
	Channel string   `json:"channel"`
	From    string   `json:"from"`
	To      []string `json:"to"`
	Text    string   `json:"text"`
}

// dexatelVerification is the data of POST /v1/verifications.
type dexatelVerification struct {
	Channel  string `json:"channel"`
	Sender   string `json:"sender"`
	Phone    string `json:"phone"`
	Template string `json:"template"`
	Code     string `json:"code,omitempty"`
	Length   int    `json:"code_length,omitempty"`
}

// Send hands a message to Dexatel.
func (d *Dexatel) Send(ctx context.Context, m Message) (Receipt, error) {
	path, data := d.request(m)
	a, err := d.account.call(ctx, http.MethodPost, path, data)
	if err != nil {
		return Receipt{}, err
	}
	return readDexatel(a)
}

func (d *Dexatel) request(m Message) (path string, data any) {
	o := d.options
	if o.Template == "" {
		return "/v1/messages", dexatelMessage{Channel: "SMS", From: o.From, To: []string{m.To.Digits()}, Text: m.Text}
	}
	v := dexatelVerification{Channel: "SMS", Sender: o.From, Phone: m.To.Digits(), Template: o.Template, Code: m.Code}
	if d.MakesCodes() {
		v.Code, v.Length = "", len(m.Code)
	}
	return "/v1/verifications", v
}

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

// readDexatel finds out whether Dexatel accepted a text. The status decides, unless the body names an error; an
// accepted text whose answer cannot be read gets a receipt without an ID, because another attempt could send it
// twice.
func readDexatel(a answer) (Receipt, error) {
	var body dexatelAnswer
	readable := json.Unmarshal(a.body, &body) == nil
	if !a.ok() || readable && body.refuses() {
		return Receipt{}, dexatelError(a, body)
	}
	item := firstItem(body.Data)
	switch strings.ToLower(item.Status) {
	case "failed", "rejected", "expired":
		return Receipt{}, &Error{Class: Blocked, Status: a.status, Code: "status " + strings.ToLower(item.Status)}
	}
	return Receipt{ID: printable(cmp.Or(item.ID, item.MessageID))}, nil
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

// dexatelClasses has the documented codes. Dexatel has renumbered the codes 1620 to 1626 by one in the past. Of these
// only 1621, a missing phone, has another class than its neighbours, and a request always has the phone.
var dexatelClasses = map[string]Class{
	"1005": Config, "1007": Config,
	"1503": Config, "1504": Config, "1505": Config, "1620": Config, "1625": Config,
	"1506": InvalidNumber, "1507": InvalidNumber, "1523": InvalidNumber, "1621": InvalidNumber,
	"1508": Config, "1510": Config, "1526": Config, "1705": Config,
	"1512": Config, "1513": Config, "1514": Config, "1622": Config, "1624": Config, "1628": Config, "1635": Config,
	"1515": Config, "1534": Config, "1524": Account, "1525": Account,
	"1530": Blocked, "1531": Blocked,
	"1623": Config, "1629": Config, "1631": Config, "1632": Config,
	"1634": Config, "1636": Config, "1637": Config, "1638": Config, "1639": Config,
	"1640": Config, "1641": Config, "1642": Config, "1643": Config, "1644": Config, "1645": Config, "1646": Config,
	"1647": Config, "1648": Config, "1649": Config,
}
