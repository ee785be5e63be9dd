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

// VonageURL is where Vonage's SMS API is.
const VonageURL = "https://rest.nexmo.com"

// VonageOptions are the settings of an account at Vonage.
type VonageOptions struct {
	APIKey    string // required
	APISecret string // required
	From      string // required: a number or a name

	ReportURL       string // where Vonage shall report to; without it, where the account says
	SignatureSecret string // with which Vonage signs reports; without it none is believed
	SignatureMethod string // one of VonageMethods; default sha256
	BaseURL         string // default VonageURL
	Timeout         time.Duration
}

// Vonage sends through Vonage's SMS API. The code is ours and is checked by us.
type Vonage struct {
	options VonageOptions
	client  *client
}

var (
	_ Sender   = (*Vonage)(nil)
	_ Reporter = (*Vonage)(nil)
)

// NewVonage returns a sender. Errors name the option that is wrong.
func NewVonage(o VonageOptions) (*Vonage, error) {
	for _, s := range []struct{ option, value string }{{"api_key", o.APIKey}, {"api_secret", o.APISecret}, {"from", o.From}} {
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

// Send hands a text to Vonage.
func (v *Vonage) Send(ctx context.Context, m Message) (Receipt, error) {
	header := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	a, err := v.client.do(ctx, request{http.MethodPost, v.options.BaseURL + "/sms/json", header, []byte(v.form(m).Encode())})
	if err != nil {
		return Receipt{}, err
	}
	return readVonage(a)
}

// minVonageTTL is the shortest life of a text that Vonage takes.
const minVonageTTL = 20 * time.Second

func (v *Vonage) form(m Message) url.Values {
	form := url.Values{
		"api_key": {v.options.APIKey}, "api_secret": {v.options.APISecret}, "from": {v.options.From}, "to": {m.To.Digits()},
		"text": {m.Text}, "type": {"text"}, "client-ref": {m.ID},
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

// vonageAnswer is the answer, whose HTTP status is 200 whatever became of the text. A long text has several parts.
type vonageAnswer struct {
	Messages []vonagePart `json:"messages"`
}

type vonagePart struct {
	ID     string `json:"message-id"`
	Status string `json:"status"`
	Text   string `json:"error-text"`
}

// readVonage finds out whether a text was accepted: all parts of it, or none. What cannot be read may have been accepted.
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

// vonagePause finds the milliseconds to wait in the text of status 1: "Throughput Rate Exceeded … [ 702 ]".
var vonagePause = regexp.MustCompile(`\[ ([0-9]{1,6}) \]`)

func vonageError(a answer, part vonagePart) *Error {
	e := a.refusal(part.Status, vonageClasses)
	if ms := vonagePause.FindStringSubmatch(part.Text); ms != nil && e.Class == RateLimited && e.RetryAfter == 0 {
		n, _ := strconv.Atoi(ms[1])
		e.RetryAfter = time.Duration(n) * time.Millisecond
	}
	return e
}

// vonageClasses are the documented statuses; an unknown one counts as Config, because the text was refused. Status 5 is a breakdown
// at Vonage, which does not say when.
var vonageClasses = map[string]Class{
	"1": RateLimited, "2": Config, "3": Config, "4": Unauthorized, "5": Ambiguous, "6": InvalidNumber, "7": Blocked, "8": Account, "9": Account,
	"10": RateLimited, "11": Config, "12": Config, "14": Unauthorized, "15": Config, "22": Config, "23": Config, "29": Config,
	"32": Config, "33": InvalidNumber,
}
