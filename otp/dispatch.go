package otp

import "time"

// Recipient is the phone that a text goes to, and the maker of its code.
type Recipient struct {
	// Phone is the number in E.164 form.
	Phone string
	// CodeBy tells who is expected to make the code of the next text: the name of a sender, or "" for the gate. The
	// text begins with the sender after skipSender, or with the first sender when skipSender is "". A nil CodeBy
	// means the gate.
	CodeBy func(skipSender string) string

	key string // the name under which texts to the phone are counted; the verifier fills it in
}

func (r Recipient) codeBy(skipSender string) string {
	if r.CodeBy == nil {
		return ""
	}
	return r.CodeBy(skipSender)
}

// Dispatch is an order to send one text. The caller sends it once, at once, and then tells the verifier how it went,
// all within MaxSending; or takes it back.
type Dispatch struct {
	ID        string // names the text; a provider may see it
	Code      string
	ExpiresIn time.Duration
	// SkipSender is the sender of the account's text before this one, if that text was given up or may never have
	// been accepted, and "" otherwise. The caller may begin with the sender after that one.
	SkipSender string
	// CodeBy is the expected maker of the code: the name of a sender, or "" for the gate. With SameCodeBy, senders
	// whose codes have that maker come first, because the code of an earlier text, which that maker made, is still
	// usable.
	CodeBy     string
	SameCodeBy bool

	challenge ChallengeID
	phone     string
	ordered   time.Time
}

// Handover is how a dispatch went.
type Handover struct {
	Delivery   Delivery // sent, failed or unknown
	Sender     string   // the sender that accepted the text, or may have
	ProviderID string   // the provider's name for the text, if the provider will be asked or told about its code
	CodeBy     string   // the maker of the texted code: a sender, "" for the gate; ignored when the text failed
	// RetryAfter is the wait that the sender asked for when it refused the text; 0 means no wait. It is ignored
	// unless the text failed.
	RetryAfter time.Duration
	// ReportID is the name under which the sender's reports of the text arrive; "" when no report is expected.
	ReportID string
}
