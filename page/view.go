package page

import "time"

// State is what the page says.
type State string

// The states of the page.
const (
	// Start: no code was sent yet; the visitor presses a button to get one.
	Start State = "start"
	// Enter: a code is on its way or was sent, and the page asks for it.
	Enter State = "enter"
	// Blocked: too many wrong codes; RetryAfter says for how long.
	Blocked State = "blocked"
	// Disabled: so many wrong codes that only an operator can help.
	Disabled State = "disabled"
	// Limited: no more texts for now; RetryAfter says for how long.
	Limited State = "limited"
	// NoPhone: there is no phone number on file for this visitor.
	NoPhone State = "no-phone"
	// NoIdentity: the first factor named no user.
	NoIdentity State = "no-identity"
	// Outage: the state cannot be read or written just now.
	Outage State = "outage"
	// CrossSite: the form came from another site, or its token was not ours.
	CrossSite State = "cross-site"
	// BadRequest: the request cannot be understood, or came over plain HTTP.
	BadRequest State = "bad-request"
	// SignedOut: the verification has ended, and nothing was sent.
	SignedOut State = "signed-out"
)

// Delivery is what is known of the latest text.
type Delivery string

// What can be known of a text.
const (
	DeliveryNone      Delivery = ""
	DeliverySending   Delivery = "sending"   // on its way to the provider
	DeliverySent      Delivery = "sent"      // accepted by the provider
	DeliveryDelivered Delivery = "delivered" // on the phone, says the provider
	DeliveryFailed    Delivery = "failed"    // will not come; may be sent again, see ResendIn
	DeliveryUnknown   Delivery = "unknown"   // perhaps accepted
)

// Problem is what was wrong with the code just typed.
type Problem string

// What can be wrong with a code.
const (
	NoProblem     Problem = ""
	CodeIncorrect Problem = "code-incorrect"
	CodeExpired   Problem = "code-expired"
)

// View is all that a template gets to see. It never holds the code, the whole number or a token.
type View struct {
	State State
	// Brand names the site to the visitor.
	Brand string
	// Phone is the masked number, "" when it is not known.
	Phone string
	// CodeLength is the number of digits asked for.
	CodeLength int
	// Delivery is what is known of the latest text.
	Delivery Delivery
	// Reports is whether providers report here what becomes of texts, so that Delivery may change while the page is shown.
	Reports bool
	// Problem is what was wrong with the code just typed.
	Problem Problem
	// AttemptsLeft is how many wrong codes are still allowed before a block.
	AttemptsLeft int
	// ResendIn is how long until another text may be asked for; zero means now.
	ResendIn time.Duration
	// ExpiresIn is how long the code on its way still holds.
	ExpiresIn time.Duration
	// RetryAfter is how long the state lasts: a block, a limit, an outage.
	RetryAfter time.Duration
	// VerifyURL, SendURL, StatusURL and HomeURL are relative to the page: the first two are the targets of its forms, the
	// third answers with JSON, the last is the page that the visitor asked for.
	VerifyURL, SendURL, StatusURL, HomeURL string
	// CSRF is the value of the hidden field csrf of both forms.
	CSRF string
	// Nonce allows the page's own style and script. The renderer fills it in.
	Nonce string
}
