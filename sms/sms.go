package sms

import (
	"context"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// Message is one text to one phone. It holds the code in clear and is never logged.
type Message struct {
	// ID is the gate's own name for the message, 16 hexadecimal digits. It stays the same however many senders are
	// tried.
	ID string
	// To is the phone that the message goes to.
	To phone.Number
	// Text is the whole text, with the origin-bound last line.
	Text string
	// Code is the code inside Text, for providers that put the code into a template of their own. It is "" in a notice,
	// a message that is no code; only senders that deliver Text are offered one.
	Code string
	// Language is the language of Text (BCP 47), like "en".
	Language string
	// TTL is how long the code holds; a provider need not deliver the message later than that.
	TTL time.Duration
}

// Receipt is the answer of a provider that accepted a message.
type Receipt struct {
	// ID is the provider's name for the message; reports of the provider name the message so too. It is "" when the
	// provider gave none, or one that is not fit for a log line.
	ID string
}

// Sender hands messages to one provider.
type Sender interface {
	// Name is the kind of sender, like "dexatel". Logs and metrics name the sender so, unless the operator gave it
	// another name.
	Name() string

	// Send makes one attempt to hand a message to the provider, and never repeats it, because hardly any provider can
	// tell a repeated message from a second one. A nil error says that the provider accepted the message; every other
	// error is, or wraps, an *Error, whose class says whether the message may have been accepted nevertheless. Send
	// returns soon after ctx ends, and may be called at once from many goroutines.
	Send(ctx context.Context, m Message) (Receipt, error)
}

// CodeLimiter is implemented by senders whose provider accepts codes up to some length only.
type CodeLimiter interface {
	// MaxCodeLength is the longest code, in digits, that the provider accepts.
	MaxCodeLength() int
}

// CodeCarrier is implemented by senders that may be able to deliver codes alone, in a text of the provider's own.
type CodeCarrier interface {
	// OnlyCodes reports whether the sender, as it is configured, cannot deliver a message without a code.
	OnlyCodes() bool
}

// Checker is implemented by senders whose provider can make the codes and check them. Where the provider makes the
// codes, the sender ignores the Code and the Text of a message, and only the provider knows which code was sent.
type Checker interface {
	// MakesCodes reports whether the provider makes the codes of this sender, as the sender is configured.
	MakesCodes() bool

	// Check asks the provider whether code is the code of one of some texts to a phone, and still holds. ids are the
	// provider's names for these texts (Receipt.ID), the latest last. The code of any other text is wrong, also of one
	// to the same phone. Every error is an *Error, and means that the provider did not say whether the code is right.
	// Most providers accept a right code once only.
	Check(ctx context.Context, to phone.Number, ids []string, code string) (right bool, err error)
}

// Confirmer is implemented by senders whose provider wants to hear that a code which the gate made was typed right:
// until then the provider keeps its verification open, and it rates the routes of its network by the answers.
type Confirmer interface {
	// Confirms reports whether Confirm has to be called, as the sender is configured.
	Confirms() bool

	// Confirm tells the provider that the code of the message that it named id (Receipt.ID) was typed right. Every
	// error is an *Error.
	Confirm(ctx context.Context, id string) error
}
