package sms

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
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
	// Temporary: the provider failed, and surely did not accept the message: it could not be reached, or said so itself.
	Temporary Class = "temporary"
	// Ambiguous: the provider may have accepted the message. It must not be sent again by us.
	Ambiguous Class = "ambiguous"
)

// Classes are all classes there are.
var Classes = []Class{InvalidNumber, Blocked, RateLimited, Unauthorized, Account, Config, Temporary, Ambiguous}

// allowsFailover reports whether another provider may be asked after a failure of this class: the message was surely not
// accepted, and the reason lies with the provider or our account there, not with the phone.
func (c Class) allowsFailover() bool {
	switch c {
	case RateLimited, Unauthorized, Account, Config, Temporary:
		return true
	}
	return false
}

// countsAgainstProvider reports whether a failure of this class speaks against the provider as a whole.
func (c Class) countsAgainstProvider() bool {
	switch c {
	case Unauthorized, Account, Config, Temporary, Ambiguous:
		return true
	}
	return false
}

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

// ClassOf is the class of a failed send, and "" when it did not fail. An error that has no class counts as Ambiguous: what
// is not known to have failed may have arrived.
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

// RetryAfterOf is how long the provider asked us to wait, 0 when it did not.
func RetryAfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// IsError reports whether an error comes from a provider, and not from somewhere on the way to it.
func IsError(err error) bool { return errors.As(err, new(*Error)) }

// class is what an answer means whose body says no more. Only what cannot follow an acceptance counts as a refusal: a provider that
// breaks down over a request, an intermediary that gives up on one, and a redirect to where the result is may all come after it. A
// 503 that says when to come back was no attempt.
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

// refusal is the error for an answer that refuses: its class is that of the provider's code, if classes knows it, and of
// the HTTP status otherwise. The code is kept only if it looks like one, because a provider may quote what we sent.
func (a answer) refusal(code string, classes map[string]Class) *Error {
	e := &Error{Class: a.class(), Status: a.status, RetryAfter: a.retryAfter, Code: plainCode(code)}
	if class, ok := classes[e.Code]; ok {
		e.Class = class
	}
	return e
}

// unclear is the error for an answer whose status says yes and whose body, which has the last word with some providers,
// cannot be read.
func (a answer) unclear() *Error {
	return &Error{Class: Ambiguous, Status: a.status, Err: errors.New("the answer cannot be read")}
}

// plainCode is a code fit for logs and metrics: letters, digits and a little more, and nowhere so many digits in a row that they
// could be a phone number or a code of ours.
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
