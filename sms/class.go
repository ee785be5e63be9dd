package sms

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"
)

// Class says what a failed send means for the visitor, for the next sender and for the operator. Providers have
// hundreds of error codes and keep splitting them; these classes are all that lead to different acts. The package
// doc has a table.
type Class string

const (
	// InvalidNumber: the provider cannot send a text to this number.
	InvalidNumber Class = "invalid_number"
	// Blocked: the number, its network or its country is blocked, or its owner opted out.
	Blocked Class = "blocked"
	// RateLimited: too many messages; RetryAfter may say when there is room again.
	RateLimited Class = "rate_limited"
	// Unauthorized: the provider does not accept the credentials of the operator.
	Unauthorized Class = "unauthorized"
	// Account: the account has no funds, is suspended or has used up its quota.
	Account Class = "account"
	// Config: the provider does not know a sender, a template or another setting of the configuration.
	Config Class = "config"
	// Temporary: the provider failed and surely did not accept the message, because it could not be reached or said
	// so.
	Temporary Class = "temporary"
	// Ambiguous: the provider may have accepted the message, so no sender may be asked to send it again.
	Ambiguous Class = "ambiguous"
)

// Classes are all classes.
var Classes = []Class{InvalidNumber, Blocked, RateLimited, Unauthorized, Account, Config, Temporary, Ambiguous}

// allowsFailover reports whether the next sender may be offered the message after a failure of this class: the message
// was surely not accepted, and the reason lies with the provider or the account there, not with the number.
func (c Class) allowsFailover() bool {
	switch c {
	case RateLimited, Unauthorized, Account, Config, Temporary:
		return true
	}
	return false
}

// countsAgainstProvider reports whether a failure of this class counts for the breaker of the sender, because the next
// message would probably fail too.
func (c Class) countsAgainstProvider() bool {
	switch c {
	case Unauthorized, Account, Config, Temporary, Ambiguous:
		return true
	}
	return false
}

// Error is a failed send. Its text is for the operator's log, and holds no number, no code and no secret.
type Error struct {
	// Class says what the failure leads to.
	Class Class
	// Code is the provider's own error code, "" when it gave none or one that plainCode refuses.
	Code string
	// Status is the HTTP status of the provider's answer, 0 when there was no answer.
	Status int
	// RetryAfter is how long the provider asked to wait before the next try, at most a day; 0 when it did not ask.
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

// ClassOf is the class of the error of a send, and "" for a nil error. An error that wraps no *Error counts as
// Ambiguous, because a message that is not known to have been refused may have been accepted.
func ClassOf(err error) Class {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Class
	}
	return Ambiguous
}

// RetryAfterOf is how long the provider asked to wait before the next try, 0 when it did not ask.
func RetryAfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// IsError reports whether an error is, or wraps, an *Error, and so comes from a sender.
func IsError(err error) bool { return errors.As(err, new(*Error)) }

// class is the class of an answer by its HTTP status alone. Some statuses can come after the provider has accepted
// the message, and are Ambiguous: a 5xx of a provider that broke down over the request, a 408 or 409 of an
// intermediary that gave up, a redirect (302, 303) to the result. A 503 with Retry-After is Temporary, because a
// provider that says when to come back has not tried to send.
func (a answer) class() Class {
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return Unauthorized
	case http.StatusPaymentRequired:
		return Account
	case http.StatusTooManyRequests:
		return RateLimited
	case http.StatusServiceUnavailable:
		if a.retryAfter > 0 {
			return Temporary
		}
		return Ambiguous
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusFound, http.StatusSeeOther:
		return Ambiguous
	}
	if a.status >= 500 {
		return Ambiguous
	}
	return Config
}

// refusal is the error for an answer that refuses a message. Its class is that of the provider's code, if classes
// has the code, and otherwise that of the HTTP status. The code is kept only if plainCode takes it for a code,
// because a provider may quote the number or the text instead.
func (a answer) refusal(code string, classes map[string]Class) *Error {
	e := &Error{Class: a.class(), Status: a.status, RetryAfter: a.retryAfter, Code: plainCode(code)}
	if class, ok := classes[e.Code]; ok {
		e.Class = class
	}
	return e
}

// unclear is the error for an answer whose status accepts the message and whose body cannot be read, where the
// provider may refuse the message in the body.
func (a answer) unclear() *Error {
	return &Error{Class: Ambiguous, Status: a.status, Err: errors.New("the answer cannot be read")}
}

// plainCode is an error code that is fit for logs and metrics, or "". It may have letters, digits, spaces and _ . -,
// up to 80 characters, and never six digits in a row, which could be part of a phone number or a code of the gate.
func plainCode(code string) string {
	if !codeLike.MatchString(code) || numberLike.MatchString(code) {
		return ""
	}
	return code
}

var (
	codeLike   = regexp.MustCompile(`^[A-Za-z0-9_. -]{1,80}$`)
	numberLike = regexp.MustCompile(`[0-9]{6}`)
)
