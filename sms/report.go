package sms

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"time"
)

// State is what a provider reports of a text that it had accepted.
type State string

// The states that the gate acts on. Other states of a provider, such as "queued", are passed over.
const (
	Sent        State = "sent"        // handed on to the network
	Delivered   State = "delivered"   // on the phone
	Undelivered State = "undelivered" // given up
)

// Report says what became of one text, according to the provider.
type Report struct {
	// ID is the provider's name for the message, as in its Receipt. It may be "" where Reference is not.
	ID string
	// Reference is the gate's own name for the message, Message.ID, where the provider repeats that in its reports, and
	// otherwise "". By it a report finds its message also when the provider's answer to the message was lost.
	Reference string
	// State is what became of the message.
	State State
	// Code is the provider's own code for why it was not delivered, if it gave one.
	Code string
	// Price is what the provider charges for the message, a decimal number in the currency of the account; "" if the
	// report does not say.
	Price string
	// Network is the mobile network of the phone, its country code and network code (ITU-T E.212) without a space; "" if
	// the report does not say.
	Network string
}

// Referrer is implemented by reporters whose provider repeats the gate's own name for a message in its reports.
type Referrer interface {
	// Refers reports whether Report.Reference can be expected.
	Refers() bool
}

var (
	priceLike   = regexp.MustCompile(`^-?[0-9]{1,6}(\.[0-9]{1,8})?$`)
	networkLike = regexp.MustCompile(`^[0-9]{5,6}$`)
)

// price is a price that is fit for a log line, or "".
func price(said string) string {
	if !priceLike.MatchString(said) {
		return ""
	}
	return said
}

// network is the code of a mobile network, or "" for anything else, as a phone number.
func network(said string) string {
	if !networkLike.MatchString(said) {
		return ""
	}
	return said
}

// text is a value of JSON that is a text or a number, as text; "" for anything else.
func text(raw json.RawMessage) string {
	var s string
	var n json.Number
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	_ = json.Unmarshal(raw, &n)
	return n.String()
}

// Reporter is implemented by senders whose provider reports what became of a text, by a request to an address of the
// gate.
type Reporter interface {
	// Reports returns nil if reports can be verified, and otherwise an error that names the option that is missing.
	Reports() error

	// ReadReports verifies that a request came from the provider, and reads the reports in it. body is the whole
	// body of the request, now the time by which the age of the request is judged. Nothing of the request is used
	// before it is verified. A state that the gate does not act on is no error, and gives no report. Every error is,
	// or wraps, ErrForged, ErrStale or ErrUnreadable.
	ReadReports(r *http.Request, body []byte, now time.Time) ([]Report, error)
}

// Acknowledger is implemented by reporters whose provider expects a certain body in the answer to its reports.
type Acknowledger interface {
	// Acknowledgement is the body of the answer, as plain text; "" for an answer without a body.
	Acknowledgement() string
}

// What can be wrong with a report. The errors hold nothing of the content of the report.
var (
	// ErrForged says that a report has no signature of the provider.
	ErrForged = errors.New("report is not signed by the provider")
	// ErrStale says that a report is signed, but too old or from the future: somebody may have recorded it and sent it
	// again.
	ErrStale = errors.New("report is outside of its time")
	// ErrUnreadable says that a report is signed, but cannot be read or names no text.
	ErrUnreadable = errors.New("report cannot be read")
)

// reportWindow is how far the time in a report may differ from the clock of the gate.
const reportWindow = 5 * time.Minute

// fresh reports whether the time at of a report differs from now by less than window.
func fresh(at, now time.Time, window time.Duration) bool {
	return at.After(now.Add(-window)) && at.Before(now.Add(window))
}
