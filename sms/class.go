package sms

import (
	"fmt"
	"time"
)

// Class says what a failed send means: for the visitor, for the next try, and for the operator. Providers have hundreds
// of error codes and keep splitting them; these are all that anybody acts on.
type Class string

const (
	// InvalidNumber: the provider cannot text this number.
	InvalidNumber Class = "invalid_number"
	// Blocked: the number, its network or its country is blocked, or its owner opted out.
	Blocked Class = "blocked"
	// RateLimited: too many messages; RetryAfter may say when there is room again.
	RateLimited Class = "rate_limited"
	// Unauthorized: the provider does not accept our credentials.
	Unauthorized Class = "unauthorized"
	// Account: the account has no funds, is suspended or has used up its quota.
	Account Class = "account"
	// Config: a sender, a template or another setting is not known to the provider.
	Config Class = "config"
	// Temporary: the provider failed, and surely did not accept the message.
	Temporary Class = "temporary"
	// Ambiguous: the provider may have accepted the message. It must not be sent again by us.
	Ambiguous Class = "ambiguous"
)

// Error is a failed send. Its text is for the operator's log: it holds no number, no code and no secret.
type Error struct {
	Class Class
	// Code is the provider's own error code, when it gave one.
	Code string
	// Status is the HTTP status of the provider's answer, 0 without one.
	Status int
	// RetryAfter is how long the provider asked us to wait, 0 when it did not.
	RetryAfter time.Duration
	// Err is the cause. It may be nil.
	Err error
}

func (e *Error) Error() string {
	s := "sending text: " + string(e.Class)
	if e.Status != 0 {
		s += fmt.Sprintf(", HTTP status %d", e.Status)
	}
	if e.Code != "" {
		s += ", provider code " + e.Code
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }
