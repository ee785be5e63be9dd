package otp

import (
	"slices"
	"time"
)

// Recipient is the phones that texts of a subject may go to, and the maker of their codes.
type Recipient struct {
	// Phone is the number, in E.164 form, that a new challenge is texted to.
	Phone string
	// Others are the subject's other numbers. A challenge that was texted to one of them holds, too, and its further
	// texts go there.
	Others []string
	// Chosen tells that the visitor has asked for a text to Phone, and to no other: a challenge that was texted to
	// another number is left, and a new one with another code begins. Only Send looks at it.
	Chosen bool
	// CodeBy tells who is expected to make the code of the next text to a number: the name of a sender, or "" for the
	// gate. The text begins with the sender after skipSender, or with the first sender when skipSender is "". A nil
	// CodeBy means the gate.
	CodeBy func(number, skipSender string) string

	key    string   // the name under which texts to Phone are counted; the verifier fills it in
	others []string // the same of Others
}

// has reports whether one of the phones has that key. Where a challenge does not tell its phone, because an older
// gateway wrote it, it counts as texted to any.
func (r Recipient) has(key string) bool {
	return key == "" || key == r.key || slices.Contains(r.others, key)
}

// leaves reports whether the visitor has asked for a text to another phone than that of a challenge.
func (r Recipient) leaves(c *Challenge) bool { return r.Chosen && c.Phone != r.key }

// codeBy is the expected maker of the code of a text to the phone with that key.
func (r Recipient) codeBy(key, skipSender string) string {
	if r.CodeBy == nil {
		return ""
	}
	number := r.Phone
	if i := slices.Index(r.others, key); i >= 0 {
		number = r.Others[i]
	}
	return r.CodeBy(number, skipSender)
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
	leaves    ChallengeID // the challenge that is over once the text is out, because the visitor chose another number
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
