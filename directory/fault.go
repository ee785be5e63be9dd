package directory

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
)

// Class says why a directory cannot tell, for logs and metrics.
type Class string

// All classes.
const (
	Slow       Class = "slow"       // there was no answer in time
	Down       Class = "down"       // the server cannot be reached, or broke the connection off
	Refused    Class = "refused"    // the server does not accept our credentials, or forbids the question
	Config     Class = "config"     // the question is wrong, for everybody: the operator must mend the configuration
	Unreadable Class = "unreadable" // the answer is none that the directory understands
	Busy       Class = "busy"       // more questions were waiting than may be asked at once; the server was not asked
	Resting    Class = "resting"    // several questions failed in a row, so that the server is not asked for a moment
	Panicked   Class = "panicked"   // the directory is faulty
	Other      Class = "other"      // the directory gave an error of no class
)

// Classes lists all classes.
var Classes = []Class{Slow, Down, Refused, Config, Unreadable, Busy, Resting, Panicked, Other}

// Error says that a directory cannot tell. Its text holds neither a name nor a number nor a secret.
type Error struct {
	// Directory is the name of the directory in its chain; "" before the chain has added it.
	Directory string
	Class     Class
	Err       error
}

// Error is the text of the cause.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf is the class of an error: that of the *Error in it, and otherwise Slow for the end of a context, else Other.
func ClassOf(err error) Class {
	var known *Error
	switch {
	case errors.As(err, &known):
		return known.Class
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Slow
	}
	return Other
}

// answered reports whether errors of a class show that the server works.
func (c Class) answered() bool { return c == Unreadable || c == Config }

// against reports whether errors of a class speak against the server.
func (c Class) against() bool { return !c.answered() && c != Busy && c != Resting }

// fault makes an *Error of a text.
func fault(class Class, text string) *Error { return &Error{Class: class, Err: errors.New(text)} }

// unreachable is the *Error for a question that got no answer, because the network or the server failed. The cause is
// told without addresses and without what was asked.
func unreachable(err error) *Error {
	var dns *net.DNSError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fault(Slow, "no answer in time")
	case errors.Is(err, context.Canceled):
		return fault(Slow, "the question was cancelled")
	case isTLS(err):
		return fault(Down, "the server's certificate is not valid for this name, or of an authority that is not known")
	case errors.As(err, &dns):
		return fault(Down, "the server's name cannot be resolved")
	case errors.As(err, &op):
		return fault(Down, op.Op+": "+op.Err.Error())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault(Down, "the server closed the connection")
	}
	return fault(Down, "the connection failed")
}

// isTLS reports whether the server could not prove who it is.
func isTLS(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) ||
		errors.As(err, &invalid)
}
