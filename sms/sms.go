// Package sms hands text messages to the providers that deliver them: one file a provider, one taxonomy of errors, and a
// failover that says which provider's turn it is.
package sms

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// Message is one text to one phone. It holds the code in clear and is never logged.
type Message struct {
	// ID names this send. It stays the same however many senders are tried. It is 16 hexadecimal digits.
	ID string
	// To is the phone that shall receive it.
	To phone.Number
	// Text is the whole text, with the origin-bound last line.
	Text string
	// Code is the code inside Text, for providers that fill a template of their own.
	Code string
	// Language is the language of Text (BCP 47), like "en".
	Language string
	// TTL is how long the code holds.
	TTL time.Duration
}

// Receipt is what a provider said when it accepted a message.
type Receipt struct {
	// ID is the provider's name for the message, by which its reports name it too. It may be empty.
	ID string
}

// Sender hands messages to one provider.
type Sender interface {
	// Name is the kind of sender, like "dexatel". It goes into logs and metrics where the operator gave no other.
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

// Checker is implemented by senders whose provider can make the codes itself. Such a sender ignores the Code and the Text
// of a message; nobody but the provider knows what was texted.
type Checker interface {
	// MakesCodes reports whether this sender leaves the codes to its provider.
	MakesCodes() bool

	// Check asks the provider whether code is that of one of the texts that it calls ids (Receipt.ID), the latest last, which it
	// sent to a phone, and whether it still holds: the code of another text, to the same phone or not, is wrong. An error is an
	// *Error, and means that the answer is not known. Most providers take a right code once only.
	Check(ctx context.Context, to phone.Number, ids []string, code string) (right bool, err error)
}

// Confirmer is implemented by senders whose provider wants to hear which of our codes were typed right: it keeps the
// verification open until then, and watches its routes by it.
type Confirmer interface {
	// Confirms reports whether this sender does so as it is configured.
	Confirms() bool

	// Confirm tells the provider that the code of the message named id (Receipt.ID) was typed. An error is an *Error.
	Confirm(ctx context.Context, id string) error
}
