// Package sms hands text messages to the providers that deliver them: one file a provider, one taxonomy of errors.
package sms

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// Message is one text to one phone. It holds the code in clear and is never logged.
type Message struct {
	// ID names this send. It stays the same however often the send is tried.
	ID string
	// To is the phone that shall receive it.
	To phone.Number
	// Text is the whole text, with the origin-bound last line.
	Text string
	// Code is the code inside Text, for providers that fill a template of their own.
	Code string
	// TTL is how long the code holds.
	TTL time.Duration
}

// Receipt is what a provider said when it accepted a message.
type Receipt struct {
	// ID is the provider's name for the message. It may be empty.
	ID string
}

// Sender hands messages to one provider.
type Sender interface {
	// Name is the sender's name in logs and metrics, like "dexatel".
	Name() string

	// Send returns when the provider has accepted the message, or has surely or possibly failed to. It makes one
	// attempt and never repeats it: hardly any provider can tell a repeated message from a second one. It returns soon
	// after ctx ends. Every error is, or wraps, an *Error. It may be called at once from many goroutines.
	Send(ctx context.Context, m Message) (Receipt, error)
}

// CodeLimiter is implemented by senders whose provider takes codes of some lengths only.
type CodeLimiter interface {
	// MaxCodeLength is the longest code, in digits, that the provider accepts.
	MaxCodeLength() int
}
