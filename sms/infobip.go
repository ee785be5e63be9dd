package sms

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// InfobipOptions are the settings of an account at Infobip.
type InfobipOptions struct {
	APIKey  string        // required
	From    string        // required: a name or a number
	BaseURL string        // required: the account's own address, https://xxxxx.api.infobip.com
	Timeout time.Duration // default DefaultTimeout
}

// Infobip sends through Infobip's SMS API. The gate makes the codes and checks them.
type Infobip struct {
	options InfobipOptions
	client  *client
}

var _ Sender = (*Infobip)(nil)

// NewInfobip returns a sender. Errors name the option that is wrong.
func NewInfobip(o InfobipOptions) (*Infobip, error) {
	if err := credential("api_key", o.APIKey); err != nil {
		return nil, err
	}
	if o.From == "" {
		return nil, errors.New("from: it is missing; expected a sender of the account")
	}
	if o.BaseURL == "" {
		return nil, errors.New("base_url: it is missing; expected the account's own address, " +
			"like https://xxxxx.api.infobip.com")
	}
	var err error
	if o.BaseURL, err = baseURL("base_url", o.BaseURL, ""); err != nil {
		return nil, err
	}
	return &Infobip{options: o, client: newClient(o.Timeout)}, nil
}

// Name is "infobip".
func (*Infobip) Name() string { return "infobip" }

// infobipRequest is the body of POST /sms/3/messages.
type infobipRequest struct {
	Messages []infobipMessage `json:"messages"`
}

type infobipMessage struct {
	Sender       string               `json:"sender"`
	Destinations []infobipDestination `json:"destinations"`
	Content      infobipContent       `json:"content"`
	Options      infobipOptions       `json:"options"`
}

type infobipDestination struct {
	To string `json:"to"`
	ID string `json:"messageId"`
}

type infobipContent struct {
	Text string `json:"text"`
}

type infobipOptions struct {
	Validity infobipPeriod `json:"validityPeriod"`
}

type infobipPeriod struct {
	Amount int    `json:"amount"`
	Unit   string `json:"timeUnit"`
}

// Send hands a message to Infobip under the gate's own name for it. Infobip would refuse a second message of that
// name.
func (s *Infobip) Send(ctx context.Context, m Message) (Receipt, error) {
	body, err := json.Marshal(infobipRequest{[]infobipMessage{{
		Sender:       s.options.From,
		Destinations: []infobipDestination{{To: m.To.Digits(), ID: m.ID}},
		Content:      infobipContent{m.Text},
		Options:      infobipOptions{infobipPeriod{Amount: max(1, int(m.TTL.Seconds())), Unit: "SECONDS"}},
	}}})
	if err != nil {
		return Receipt{}, &Error{Class: Config, Err: errors.New("the text cannot be encoded")}
	}
	header := http.Header{
		"Accept": {"application/json"}, "Content-Type": {"application/json"},
		"Authorization": {"App " + s.options.APIKey},
	}
	a, err := s.client.do(ctx, request{http.MethodPost, s.options.BaseURL + "/sms/3/messages", header, body})
	if err != nil {
		return Receipt{}, err
	}
	return readInfobip(a)
}

// infobipAnswer is the body of an answer. A refusal has its code in errorCode, or in requestError at older endpoints.
type infobipAnswer struct {
	Messages []struct {
		ID     string        `json:"messageId"`
		Status infobipStatus `json:"status"`
	} `json:"messages"`
	Code     string `json:"errorCode"`
	Requests struct {
		Exception struct {
			ID string `json:"messageId"`
		} `json:"serviceException"`
	} `json:"requestError"`
}

type infobipStatus struct {
	Group string `json:"groupName"`
	ID    int    `json:"id"`
}

// readInfobip finds out whether Infobip accepted a text. With an HTTP status of success, the status of the text in
// the body decides; if it cannot be read, the text may have been accepted.
func readInfobip(a answer) (Receipt, error) {
	var body infobipAnswer
	unreadable := json.Unmarshal(a.body, &body) != nil
	switch {
	case !a.ok():
		return Receipt{}, a.refusal(cmp.Or(body.Code, body.Requests.Exception.ID), infobipClasses)
	case unreadable || len(body.Messages) != 1:
		return Receipt{}, a.unclear()
	}
	switch m := body.Messages[0]; strings.ToUpper(m.Status.Group) {
	case "PENDING", "ACCEPTED", "DELIVERED":
		return Receipt{ID: printable(m.ID)}, nil
	case "REJECTED", "UNDELIVERABLE", "EXPIRED":
		return Receipt{}, infobipError(a, m.Status)
	}
	return Receipt{}, a.unclear()
}

// infobipError is the error for a text that Infobip gave up. A text that Infobip did not reject at once was on its
// way to the phone, so it may have arrived, unless the reason is a known one.
func infobipError(a answer, s infobipStatus) *Error {
	e := a.refusal(strconv.Itoa(s.ID), infobipClasses)
	if _, known := infobipClasses[e.Code]; !known && !strings.EqualFold(s.Group, "REJECTED") {
		e.Class = Ambiguous
	}
	return e
}

// infobipClasses has the documented statuses of texts, and the codes of requests. Status 23 refuses a text whose name
// Infobip has seen before; it is Ambiguous, because Infobip may have accepted the text under that name.
var infobipClasses = map[string]Class{
	"6": Blocked, "8": InvalidNumber, "10": Blocked, "11": Config, "12": Account, "13": Config, "14": Blocked,
	"17": Account, "18": Config, "19": Config, "20": RateLimited, "23": Ambiguous, "25": Config,
	"51": InvalidNumber, "52": InvalidNumber, "87": Blocked,
	"E400": Config, "E401": Unauthorized, "E403": Unauthorized, "E500": Ambiguous, "UNAUTHORIZED": Unauthorized,
}
