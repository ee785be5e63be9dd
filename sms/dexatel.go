package sms

import (
	"context"
	"errors"
	"net/http"
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
	_ Referrer    = (*Dexatel)(nil)
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

// OnlyCodes reports whether texts are made from a template of Dexatel's.
func (d *Dexatel) OnlyCodes() bool { return d.options.Template != "" }

// MaxCodeLength is 8 with a template (Dexatel's error 1631), and otherwise 10, the longest code of the gate.
func (d *Dexatel) MaxCodeLength() int {
	if d.options.Template != "" {
		return 8
	}
	return 10
}

// dexatelOrder is what messages and verifications have in common. Payload is the gate's own name for the text, which
// reports repeat. Formatting is false, because Dexatel's formatting removes a zero behind the country code, which is a
// part of the number in Ivory Coast, in the Congo and of landlines in Italy; numbers of the gate are in E.164.
type dexatelOrder struct {
	Payload    string `json:"payload,omitempty"`
	Formatting bool   `json:"number_formatting"`
}

// dexatelMessage is the data of POST /v1/messages.
type dexatelMessage struct {
	dexatelOrder
	Channel string   `json:"channel"`
	From    string   `json:"from"`
	To      []string `json:"to"`
	Text    string   `json:"text"`
}

// dexatelVerification is the data of POST /v1/verifications.
type dexatelVerification struct {
	dexatelOrder
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
	o, order := d.options, dexatelOrder{Payload: m.ID}
	if o.Template == "" {
		return "/v1/messages", dexatelMessage{order, "SMS", o.From, []string{m.To.Digits()}, m.Text}
	}
	v := dexatelVerification{order, "SMS", o.From, m.To.Digits(), o.Template, m.Code, 0}
	if d.MakesCodes() {
		v.Code, v.Length = "", len(m.Code)
	}
	return "/v1/verifications", v
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
