package page

import (
	"html/template"
	"time"
)

// State says which variant of the page a View is.
type State string

// The states of the page.
const (
	// Start: no code was sent yet; the visitor presses a button to get one.
	Start State = "start"
	// Enter: a code is on its way or was sent, and the page asks for it.
	Enter State = "enter"
	// Blocked: too many wrong codes; RetryAfter says for how long.
	Blocked State = "blocked"
	// Disabled: so many wrong codes in a row that no more texts are sent until an operator unlocks the account.
	Disabled State = "disabled"
	// Limited: no more texts may be sent for a while, and no code of this browser holds; RetryAfter says for how long.
	Limited State = "limited"
	// NoPhone: there is no phone number on file for this visitor.
	NoPhone State = "no-phone"
	// Enroll: there is no phone number on file for this visitor, and the page asks for one, see Ask.
	Enroll State = "enroll"
	// NoIdentity: the first factor named no user.
	NoIdentity State = "no-identity"
	// Unbound: the first factor has opened no session to which the verification could be bound.
	Unbound State = "unbound"
	// Outage: the store, a directory or a provider that is needed now does not answer; RetryAfter says when to try
	// again.
	Outage State = "outage"
	// CrossSite: the form came from another site, or its field csrf was missing or wrong.
	CrossSite State = "cross-site"
	// NoCookie: the form came without the cookie of its page, which is older than ten minutes, or whose cookies the
	// browser does not keep.
	NoCookie State = "no-cookie"
	// BadRequest: the request cannot be read.
	BadRequest State = "bad-request"
	// Insecure: the request came over plain HTTP, where a code could be read on the way.
	Insecure State = "insecure"
	// TooManyCookies: the browser sends more cookies of the gate's names than the gate looks at, so that none could be
	// found again after a code.
	TooManyCookies State = "too-many-cookies"
	// UnreadableName: the first factor named a user, in a way that cannot be read.
	UnreadableName State = "unreadable-name"
	// SignOut: the visitor is signed in, and presses a button to sign out.
	SignOut State = "sign-out"
	// SignedOut: nobody is signed in, after a logout or without one, and no text was sent.
	SignedOut State = "signed-out"
	// Account: the visitor is signed in with a code, and sees by which number and since when. Two forms sign out, here
	// or everywhere.
	Account State = "account"
	// Restore: the visitor is signed in, and is asked whether a form is to be sent that was interrupted before.
	Restore State = "restore"
	// RestoreGone: the form that was interrupted is not kept any more.
	RestoreGone State = "restore-gone"
	// Framed: the page was asked for inside another page, where it does not ask for a code. It has a link that opens it
	// in the whole window. Only in this state may the page be framed.
	Framed State = "framed"
)

// Delivery is what the gate knows of the latest text.
type Delivery string

// What the gate can know of a text.
const (
	DeliveryNone      Delivery = ""          // there was no text
	DeliverySending   Delivery = "sending"   // on its way to the provider
	DeliverySent      Delivery = "sent"      // accepted by the provider
	DeliveryDelivered Delivery = "delivered" // on the phone, says the provider
	DeliveryFailed    Delivery = "failed"    // will not arrive; another may be asked for, see ResendIn
	DeliveryUnknown   Delivery = "unknown"   // the provider may have accepted the text
)

// Problem is what was wrong with the code that the visitor has just typed, or with asking for a text.
type Problem string

// What can be wrong with a code.
const (
	NoProblem     Problem = ""               // no code was typed, or it could not be checked
	CodeIncorrect Problem = "code-incorrect" // the code was wrong, and counted
	NotACode      Problem = "not-a-code"     // what was typed is no code of CodeLength digits, and was not counted
	CodeExpired   Problem = "code-expired"   // the code does not hold any more
	NoMoreTexts   Problem = "no-more-texts"  // no text can be sent before RetryAfter; the code of the latest one holds
)

// Number is a phone number that the visitor may choose: a form to SendURL asks for a text there by the field number,
// which holds the position.
type Number struct {
	Position int    // among the user's numbers, counted from 1
	Phone    string // the masked number
}

// Interruption is what became of a form that a visitor was about to send.
type Interruption string

// What can become of an interrupted form.
const (
	NotInterrupted Interruption = ""
	FormHeld       Interruption = "held" // kept, until the visitor sends it after the code
	FormLost       Interruption = "lost" // not kept; the browser may still have it
)

// Way is help or a contact: a text, or an address of the schemes https, http, mailto or tel.
type Way struct {
	Text string
	URL  template.URL
}

// NumberRefused says that the number which the visitor has just given cannot be used, for whatever reason.
const NumberRefused Problem = "number-refused"

// Ask is what the page shows that asks for a number.
type Ask struct {
	// Countries are those whose numbers may be given, by name. At most one is Selected.
	Countries []Country
	// Language is the language of their names (BCP 47).
	Language string
	// Number is what the visitor has given before, "" the first time.
	Number string
	// Invited tells that a visitor needs the code of an invitation, in the field invitation; Invitation is the code that
	// the visitor has given before.
	Invited    bool
	Invitation string
	// Replaces is the masked number that the visitor changes, "" for whoever gives a first one.
	Replaces string
}

// Country is a country in the list.
type Country struct {
	Code        string // "DE", the value of the field country
	Name        string
	CallingCode string // "+49"
	Selected    bool
	// National and International are an example of a mobile number, as it is dialled in the country and with a plus;
	// "" where there is none.
	National, International string
}

// Example is the country whose example the page shows first: the selected one, or the only one; nil without.
func (a *Ask) Example() *Country {
	for i := range a.Countries {
		if a.Countries[i].Selected {
			return &a.Countries[i]
		}
	}
	return nil
}

// View is everything that a template can show. It never holds the code, a session token or the whole number; but a
// number that the visitor has just given, and not proved, may stand in Ask.
type View struct {
	// State says which variant of the page this is; the other fields are set as far as the state needs them.
	State State
	// Language is the language of the page (BCP 47), like "de", one of those of the page's set of words. "" and a
	// language that the page does not have are the first one of the set; Write sets the one that it is.
	Language string
	// Direction is how the language is written, "ltr" or "rtl". Write sets it.
	Direction string
	// Brand is the name of the site, from the option brand. Default: the host.
	Brand string
	// Phone is the masked number, "" when it is not known. In the state Account it is the one that proved the session.
	Phone string
	// Others are the user's other numbers, to which the visitor may have the text sent instead.
	Others []Number
	// CodeLength is the number of digits asked for.
	CodeLength int
	// Delivery is what the gate knows of the latest text.
	Delivery Delivery
	// Reports is true when the provider reports what becomes of texts, so that Delivery may change while the page is
	// shown; the script then asks StatusURL.
	Reports bool
	// Problem is what was wrong with the code that the visitor has just typed, or with asking for a text.
	Problem Problem
	// AttemptsLeft is how many wrong codes may be typed before the account is blocked.
	AttemptsLeft int
	// ResendIn is how long until another text may be asked for; zero means now.
	ResendIn time.Duration
	// ExpiresIn is how long the code of the latest text still holds.
	ExpiresIn time.Duration
	// RetryAfter is how long the visitor has to wait in the states Blocked, Limited and Outage, and with NoMoreTexts.
	RetryAfter time.Duration
	// VerifiedAt is when the code was right that opened the session, in the state Account.
	VerifiedAt time.Time
	// VerifyURL, SendURL, LogoutURL and LogoutAllURL are the targets of the forms, StatusURL answers with JSON, and
	// HomeURL is the page that the visitor asked for. All are relative to the address of the page, in printable ASCII:
	// each begins with "?" or "./", or is "", which is the page itself.
	VerifyURL, SendURL, LogoutURL, LogoutAllURL, StatusURL, HomeURL template.URL
	// EnrollURL is the target of the form of the state Enroll, with the fields number and country; in other states it is
	// the address of a page on which the visitor changes the number, "" where the number is on file.
	EnrollURL template.URL
	// ChangeURL is the address of a page on which a verified visitor changes the number, in the state Account; "" where
	// the visitor cannot.
	ChangeURL template.URL
	// LookURL is the address of a page that tells how the visitor's account stands now, and sends no text; the script
	// goes there when a wait is over.
	LookURL template.URL
	// RestoreURL is the target of the form of the state Restore, with the field form, which is "send" or "drop".
	RestoreURL template.URL
	// Held is the address to which the form goes that was interrupted, in the state Restore.
	Held string
	// Interrupted tells that the visitor was about to send a form when the session had ended.
	Interrupted Interruption
	// Trust is how long a session lasts where the visitor ticks the field trust of the form to VerifyURL; zero without
	// that choice. Trusted tells that the visitor has ticked it before.
	Trust   time.Duration
	Trusted bool
	// User is the name of whoever passed the first factor, from the option show_user; "" without.
	User string
	// Help and Contact are ways out for a visitor who is stuck, from the options of these names; nil without.
	Help, Contact *Way
	// Logo is a picture as an address of the scheme data, from the option logo; "" without.
	Logo template.URL
	// Ask is what the state Enroll shows; nil in other states.
	Ask *Ask
	// CSRF is the value of the hidden field csrf of the forms to VerifyURL, SendURL, EnrollURL and LogoutAllURL, which
	// shows that they came from this page. The form to LogoutURL needs none.
	CSRF string
	// Nonce stands in the style and script elements of the page, so that the Content-Security-Policy allows them.
	// Write sets it.
	Nonce string
}
