package sms

import (
	"errors"
	"net/http"
	"time"
)

// State is what a provider reports of a text that it had accepted.
type State string

// The states that anybody acts on. Whatever else a provider reports is no state, and is passed over.
const (
	Sent        State = "sent"        // handed on to the network
	Delivered   State = "delivered"   // on the phone
	Undelivered State = "undelivered" // given up
)

// Report is one provider's word on one text.
type Report struct {
	// ID is the provider's name for the message, as in its Receipt.
	ID string
	// State is what became of the message.
	State State
	// Code is the provider's own code for why it was not delivered, if it gave one.
	Code string
}

// Reporter is implemented by senders whose provider reports what became of a text, by a request to an address of ours.
type Reporter interface {
	// Reports says what is missing in the configuration before reports can be trusted, or returns nil.
	Reports() error

	// ReadReports verifies that a request came from the provider, and reads it; body is the whole body. Nothing of the
	// request counts before it is verified. now is the time by which its age is judged. Errors are, or wrap, ErrForged,
	// ErrStale or ErrUnreadable.
	ReadReports(r *http.Request, body []byte, now time.Time) ([]Report, error)
}

// Acknowledger is implemented by reporters whose provider asks for a certain body in the answer to its reports.
type Acknowledger interface {
	// Acknowledgement is the body of the answer, as plain text.
	Acknowledgement() string
}

// What can be wrong with a report. None of these errors tells anything of its content.
var (
	// ErrForged says that a report carries no signature, or not the provider's.
	ErrForged = errors.New("report is not signed by the provider")
	// ErrStale says that a report is signed, and too old or from the future: it may have been recorded and sent again.
	ErrStale = errors.New("report is outside of its time")
	// ErrUnreadable says that a report is signed and makes no sense.
	ErrUnreadable = errors.New("report cannot be read")
)

// reportWindow is how far the time in a report may be from ours.
const reportWindow = 5 * time.Minute

// fresh reports whether a report made at is recent enough.
func fresh(at, now time.Time, window time.Duration) bool {
	return at.After(now.Add(-window)) && at.Before(now.Add(window))
}
