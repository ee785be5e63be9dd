package sms

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// VonageURL is the address of Vonage's SMS API.
const VonageURL = "https://rest.nexmo.com"

// VonageOptions are the settings of an account at Vonage.
type VonageOptions struct {
	APIKey    string // required
	APISecret string // required
	From      string // required: a number or a name

	ReportURL       string        // the address for reports, as Vonage reaches it; default: the account's own setting
	SignatureSecret string        // the secret by which Vonage signs reports; without it all reports are refused
	SignatureMethod string        // md5hash, md5, sha1, sha256 or sha512, as the account is set; default sha256
	BaseURL         string        // default VonageURL
	Timeout         time.Duration // default DefaultTimeout
}

// Vonage sends through Vonage's SMS API. The gate makes the codes and checks them.
type Vonage struct {
	options VonageOptions
	client  *client
}

var (
	_ Sender   = (*Vonage)(nil)
	_ Reporter = (*Vonage)(nil)
	_ Referrer = (*Vonage)(nil)
)

// NewVonage returns a sender. Errors name the option that is wrong.
func NewVonage(o VonageOptions) (*Vonage, error) {
	for _, s := range []struct{ option, value string }{
		{"api_key", o.APIKey}, {"api_secret", o.APISecret}, {"from", o.From},
	} {
		if err := credential(s.option, s.value); err != nil {
			return nil, err
		}
	}
	if err := o.checkMethod(); err != nil {
		return nil, err
	}
	if o.ReportURL != "" {
		if err := publicURL("report_url", o.ReportURL); err != nil {
			return nil, err
		}
	}
	var err error
	if o.BaseURL, err = baseURL("base_url", o.BaseURL, VonageURL); err != nil {
		return nil, err
	}
	return &Vonage{options: o, client: newClient(o.Timeout)}, nil
}

// Name is "vonage".
func (*Vonage) Name() string { return "vonage" }

// Send hands a message to Vonage.
func (v *Vonage) Send(ctx context.Context, m Message) (Receipt, error) {
	header := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	form := []byte(v.form(m).Encode())
	a, err := v.client.do(ctx, request{http.MethodPost, v.options.BaseURL + "/sms/json", header, form})
	if err != nil {
		return Receipt{}, err
	}
	return readVonage(a)
}

// minVonageTTL is the shortest ttl that Vonage accepts.
const minVonageTTL = 20 * time.Second

func (v *Vonage) form(m Message) url.Values {
	form := url.Values{
		"api_key": {v.options.APIKey}, "api_secret": {v.options.APISecret},
		"from": {v.options.From}, "to": {m.To.Digits()}, "text": {m.Text}, "type": {"text"}, "client-ref": {m.ID},
		"ttl": {strconv.FormatInt(max(m.TTL, minVonageTTL).Milliseconds(), 10)},
	}
	if !GSM7(m.Text) {
		form.Set("type", "unicode")
	}
	if v.options.ReportURL != "" {
		form.Set("status-report-req", "1")
		form.Set("callback", v.options.ReportURL)
	}
	return form
}

// vonageAnswer is the body of an answer. Its HTTP status is 200 also when Vonage refused the text. A long text has
// several parts, each with a status of its own.
type vonageAnswer struct {
	Messages []vonagePart `json:"messages"`
}

type vonagePart struct {
	ID     string `json:"message-id"`
	Status string `json:"status"`
	Text   string `json:"error-text"`
}

// readVonage finds out whether Vonage accepted a text, which is when it accepted all parts of it. If it accepted some
// parts, or the answer cannot be read, the text may have been accepted.
func readVonage(a answer) (Receipt, error) {
	var body vonageAnswer
	unreadable := json.Unmarshal(a.body, &body) != nil || len(body.Messages) == 0
	switch {
	case !a.ok():
		return Receipt{}, a.refusal("", nil)
	case unreadable:
		return Receipt{}, a.unclear()
	}
	var refused *vonagePart
	accepted := 0
	for i, part := range body.Messages {
		if part.Status == "0" {
			accepted++
		} else if refused == nil {
			refused = &body.Messages[i]
		}
	}
	switch {
	case refused == nil:
		return Receipt{ID: printable(body.Messages[0].ID)}, nil
	case accepted > 0:
		return Receipt{}, a.unclear()
	}
	return Receipt{}, vonageError(a, *refused)
}

// vonagePause finds the milliseconds to wait in the error text of status 1: "Throughput Rate Exceeded … [ 702 ]".
var vonagePause = regexp.MustCompile(`\[ ([0-9]{1,6}) \]`)

// vonageError is the error for a text of which Vonage refused a part.
func vonageError(a answer, part vonagePart) *Error {
	e := a.refusal(part.Status, vonageClasses)
	if ms := vonagePause.FindStringSubmatch(part.Text); ms != nil && e.Class == RateLimited && e.RetryAfter == 0 {
		n, _ := strconv.Atoi(ms[1])
		e.RetryAfter = time.Duration(n) * time.Millisecond
	}
	return e
}

// vonageClasses has the documented statuses. A status that is not listed is Config, because the text was refused.
// Status 5 is Ambiguous: it says that Vonage broke down, and not whether that was before it accepted the text.
var vonageClasses = map[string]Class{
	"1": RateLimited, "2": Config, "3": Config, "4": Unauthorized, "5": Ambiguous, "6": InvalidNumber, "7": Blocked,
	"8": Account, "9": Account, "10": RateLimited, "11": Config, "12": Config, "14": Unauthorized, "15": Config,
	"22": Config, "23": Config, "29": Config, "32": Config, "33": InvalidNumber,
}
