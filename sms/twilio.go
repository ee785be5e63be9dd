package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The addresses of Twilio's APIs.
const (
	TwilioURL       = "https://api.twilio.com"
	TwilioVerifyURL = "https://verify.twilio.com"
)

// TwilioOptions are the settings of an account at Twilio. Exactly one of From, MessagingServiceSID and
// VerifyServiceSID is required; it decides how texts are sent.
type TwilioOptions struct {
	AccountSID string // required: AC…
	AuthToken  string // the account's password; required without an API key, and to verify reports
	APIKey     string // SK…; with APISecret it is used to send instead of the auth token
	APISecret  string

	From                string // a number or a name
	MessagingServiceSID string // MG…
	VerifyServiceSID    string // VA…: Twilio Verify puts the code into its own template
	Remote              bool   // with Verify: Twilio makes the codes and checks them

	ReportURL string        // the address for reports, as Twilio reaches it; default none, there are no reports
	BaseURL   string        // default TwilioURL
	VerifyURL string        // default TwilioVerifyURL
	Timeout   time.Duration // default DefaultTimeout
}

// Twilio sends through Twilio in one of three ways: as a message with the text of the gate; through Verify with the
// code of the gate; or through Verify with a code that Twilio makes and checks.
type Twilio struct {
	options TwilioOptions
	client  *client
}

var (
	_ Sender      = (*Twilio)(nil)
	_ CodeLimiter = (*Twilio)(nil)
	_ Checker     = (*Twilio)(nil)
	_ Confirmer   = (*Twilio)(nil)
	_ Reporter    = (*Twilio)(nil)
)

// NewTwilio returns a sender. Errors name the option that is wrong.
func NewTwilio(o TwilioOptions) (*Twilio, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	var err error
	if o.BaseURL, err = baseURL("base_url", o.BaseURL, TwilioURL); err != nil {
		return nil, err
	}
	if o.VerifyURL, err = baseURL("verify_url", o.VerifyURL, TwilioVerifyURL); err != nil {
		return nil, err
	}
	if o.ReportURL != "" {
		if err := publicURL("report_url", o.ReportURL); err != nil {
			return nil, err
		}
	}
	return &Twilio{options: o, client: newClient(o.Timeout)}, nil
}

// validate refuses options that Twilio would not accept, or that contradict each other.
func (o TwilioOptions) validate() error {
	origins := 0
	for _, origin := range []string{o.From, o.MessagingServiceSID, o.VerifyServiceSID} {
		if origin != "" {
			origins++
		}
	}
	switch {
	case !isSID(o.AccountSID, "AC"):
		return errors.New("account_sid: it is not like AC and 32 letters and digits")
	case o.MessagingServiceSID != "" && !isSID(o.MessagingServiceSID, "MG"):
		return errors.New("messaging_service_sid: it is not like MG and 32 letters and digits")
	case o.VerifyServiceSID != "" && !isSID(o.VerifyServiceSID, "VA"):
		return errors.New("verify_service_sid: it is not like VA and 32 letters and digits")
	case origins != 1:
		return errors.New("from: expected exactly one of from, messaging_service_sid and verify_service_sid")
	case o.Remote && o.VerifyServiceSID == "":
		return errors.New("check remote: it needs verify_service_sid; messages have our code")
	case (o.APIKey == "") != (o.APISecret == ""):
		return errors.New("api_key: it comes with an api_secret, or not at all")
	case o.APIKey != "":
		return nil
	}
	return credential("auth_token", o.AuthToken)
}

// isSID reports whether s has the form of a Twilio SID with that prefix, so that it can stand in an address.
func isSID(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	return ok && len(rest) == 32 && !strings.ContainsFunc(rest, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	})
}

// Name is "twilio".
func (*Twilio) Name() string { return "twilio" }

// OnlyCodes reports whether texts are made by Verify.
func (t *Twilio) OnlyCodes() bool { return t.options.VerifyServiceSID != "" }

// MaxCodeLength is 10, the longest CustomCode of Verify.
func (*Twilio) MaxCodeLength() int { return 10 }

// Send hands a message to Twilio.
func (t *Twilio) Send(ctx context.Context, m Message) (Receipt, error) {
	a, err := t.post(ctx, t.address(), t.form(m))
	if err != nil {
		return Receipt{}, err
	}
	return readTwilio(a)
}

// address is the address to which texts are posted.
func (t *Twilio) address() string {
	if t.options.VerifyServiceSID != "" {
		return t.verifyAddress("Verifications")
	}
	return t.options.BaseURL + "/2010-04-01/Accounts/" + t.options.AccountSID + "/Messages.json"
}

// form is the form by which a message is sent.
func (t *Twilio) form(m Message) url.Values {
	o := t.options
	form := url.Values{"To": {m.To.E164()}}
	switch {
	case t.MakesCodes():
		form.Set("Channel", "sms")
		return form
	case o.VerifyServiceSID != "":
		form.Set("Channel", "sms")
		form.Set("CustomCode", m.Code)
		return form
	case o.MessagingServiceSID != "":
		form.Set("MessagingServiceSid", o.MessagingServiceSID)
	default:
		form.Set("From", o.From)
	}
	form.Set("Body", m.Text)
	form.Set("ValidityPeriod", fmt.Sprint(max(1, int(m.TTL.Seconds())))) // no delivery after the code has expired
	if o.ReportURL != "" {
		form.Set("StatusCallback", o.ReportURL)
	}
	return form
}

// post posts a form with the credentials of the account.
func (t *Twilio) post(ctx context.Context, address string, form url.Values) (answer, error) {
	user, password := t.options.AccountSID, t.options.AuthToken
	if t.options.APIKey != "" {
		user, password = t.options.APIKey, t.options.APISecret
	}
	header := http.Header{
		"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"},
		"Authorization": {basic(user, password)},
	}
	return t.client.do(ctx, request{http.MethodPost, address, header, []byte(form.Encode())})
}

// twilioAnswer is the body of an answer. The error code of a message that failed is in error_code, that of a refused
// request in code.
type twilioAnswer struct {
	SID       string          `json:"sid"`
	Status    json.RawMessage `json:"status"` // a word in an answer, the HTTP status in a refusal
	ErrorCode json.RawMessage `json:"error_code"`
	Code      json.RawMessage `json:"code"`
	Valid     bool            `json:"valid"`
}

func (b twilioAnswer) status() string { return strings.Trim(string(b.Status), `"`) }

// readTwilio finds out whether Twilio accepted a text. The HTTP status decides, unless the body says that the
// message has failed; an accepted text whose answer cannot be read gets a receipt without an ID, because another
// attempt could send it twice.
func readTwilio(a answer) (Receipt, error) {
	var body twilioAnswer
	_ = json.Unmarshal(a.body, &body)
	if !a.ok() {
		return Receipt{}, a.refusal(digits(body.Code), twilioClasses)
	}
	switch body.status() {
	case "failed", "undelivered", "canceled":
		e := a.refusal(digits(body.ErrorCode), twilioClasses)
		if _, known := twilioClasses[e.Code]; !known {
			e.Class = Blocked
		}
		return Receipt{}, e
	}
	return Receipt{ID: printable(body.SID)}, nil
}

// twilioClasses has the codes that are documented for messages and for Verify. Twilio keeps splitting codes into finer
// ones; a code that is not listed has the class of the HTTP status.
var twilioClasses = map[string]Class{
	"10001": Account,
	"20003": Unauthorized, "20404": Config, "20429": RateLimited,
	"21211": InvalidNumber, "21265": InvalidNumber, "21266": InvalidNumber, "21614": InvalidNumber,
	"21635": InvalidNumber,
	"21212": Config, "21603": Config, "21606": Config, "21608": Config, "21609": Config, "21617": Config,
	"21659": Config, "21660": Config,
	"21408": Blocked, "21610": Blocked, "21612": Blocked,
	"60200": InvalidNumber, "60205": InvalidNumber,
	"60201": Config, "60204": Config,
	"60202": RateLimited, "60203": RateLimited, "60207": RateLimited, "60212": RateLimited,
	"60410": Blocked, "60412": Blocked, "60605": Blocked,
}
