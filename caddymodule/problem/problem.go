// Package problem holds every way in which the gate says no, and how a refusal is told to clients that are no
// browser: as application/problem+json (RFC 9457).
package problem

import (
	"net/http"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/page"
)

// Problem is one way in which the gate says no.
type Problem struct {
	Name   string // the type is "urn:sms-2fa:<name>"
	Status int    // the HTTP status that page and JSON share; 0 is the status of the option challenge_status
	Title  string
	State  page.State // what the page shows; "" where no visitor sees the problem
	Advice string     // what the person at the screen can do, in sentences
}

// All problems there are.
var (
	VerificationRequired = Problem{
		"verification-required", 0, "A code from a text message is required", page.Start,
		"Reload the page and enter the code that we text you.",
	}
	CodeIncorrect = Problem{
		"code-incorrect", 0, "The code is not right", page.Enter,
		"Look at the latest text message and enter its code.",
	}
	NotACode = Problem{
		"code-incorrect", 0, "That is no code", page.Enter,
		"Type it alone. This was not counted as a try.",
	}
	CodeExpired = Problem{
		"code-expired", 0, "The code has expired", page.Enter,
		"Ask for a new code.",
	}
	NoIdentity = Problem{
		"no-identity", 0, "The first factor named no user", page.NoIdentity,
		"Sign in first. If you have, tell the operator of this site.",
	}
	UnreadableName = Problem{
		"no-identity", 0, "The first factor's user name cannot be read", page.UnreadableName,
		"Tell the operator of this site to look at how it names its users.",
	}
	Unbound = Problem{
		"no-identity", 0, "The first factor has opened no session", page.Unbound,
		"Sign in again. If that does not help, tell the operator of this site.",
	}
	NoPhone = Problem{
		"no-phone", 0, "There is no phone number on file", page.NoPhone,
		"Ask the operator of this site to add your phone number.",
	}
	EnrolmentRequired = Problem{
		"enrolment-required", 0, "A phone number is required", page.Enroll,
		"Reload the page and give the number of your mobile phone.",
	}
	NumberRefused = Problem{
		"number-refused", http.StatusUnprocessableEntity, "The phone number cannot be used", page.Enroll,
		"Check the number, or give that of another mobile phone.",
	}

	CrossSite = Problem{
		"cross-site", http.StatusForbidden, "The request came from another site", page.CrossSite,
		"Reload the page and try again.",
	}
	NoCookie = Problem{
		"cross-site", http.StatusForbidden, "The browser sent no cookie of the page", page.NoCookie,
		"Allow cookies for this site. Then start again.",
	}
	Blocked = Problem{
		"blocked", http.StatusTooManyRequests, "Too many wrong codes", page.Blocked,
		"Wait until the block is over. If it was not you who typed them, change your password.",
	}
	Disabled = Problem{
		"blocked", http.StatusTooManyRequests, "Too many wrong codes; an operator must unlock the account", page.Disabled,
		"Ask the operator of this site to unlock your account.",
	}
	TooManyRequests = Problem{
		"too-many-requests", http.StatusTooManyRequests, "No more texts for now", page.Limited,
		"Wait a while before you ask for another text.",
	}
	DeliveryFailed = Problem{
		"delivery-failed", http.StatusBadGateway, "The text could not be sent", page.Enter,
		"Ask for another text.",
	}
	StoreUnavailable = Problem{
		"store-unavailable", http.StatusServiceUnavailable, "The gateway cannot read or write its state", page.Outage,
		"Try again in a moment.",
	}
	DirectoryUnavailable = Problem{
		"directory-unavailable", http.StatusServiceUnavailable,
		"The directory of phone numbers does not answer", page.Outage,
		"Try again in a moment.",
	}
	Busy = Problem{
		"busy", http.StatusServiceUnavailable, "Too many texts are on their way", page.Limited,
		"Try again in a moment.",
	}
	CheckUnavailable = Problem{
		"check-unavailable", http.StatusServiceUnavailable, "The provider of the code does not answer", page.Outage,
		"Enter the code again in a moment.",
	}
	BadRequest = Problem{
		"bad-request", http.StatusBadRequest, "The request cannot be understood", page.BadRequest,
		"Reload the page and try again.",
	}
	TooLong = Problem{
		"bad-request", http.StatusBadRequest, "What was sent is too long to be a code", page.BadRequest,
		"Type it alone. This was not counted as a try.",
	}
	Cookies = Problem{
		"bad-request", http.StatusBadRequest, "The browser sends too many cookies of the gate's name", page.TooManyCookies,
		"Delete the cookies of this site. Then start again.",
	}
	InsecureRequest = Problem{
		"insecure-request", http.StatusBadRequest, "The second factor works over HTTPS only", page.Insecure,
		"Open the address with https:// in front. If you have, the operator of this site finds the reason in the log.",
	}
	TooEarly = Problem{
		"too-early", http.StatusTooEarly, "The request came before the connection was safe from replay", page.BadRequest,
		"Reload the page.",
	}

	// What providers are told whose reports are not taken.
	ReportForged = Problem{
		"report-forged", http.StatusForbidden, "The report is not signed by the provider", "",
		"Compare the secret of the reports with that at the provider.",
	}
	ReportStale = Problem{
		"report-stale", http.StatusForbidden, "The report is outside of its time", "",
		"Compare the clocks, and send each report once.",
	}
	ReportUnreadable = Problem{
		"report-unreadable", http.StatusBadRequest, "The report cannot be read", "",
		"The log has the reason.",
	}
)

// When Retry-After tells a visitor to try again.
const (
	AfterOutage   = 5 * time.Second // after a fault
	AfterDisabled = 24 * time.Hour  // where only an operator can help
)

// Refusal is a problem as it applies to one request.
type Refusal struct {
	Problem
	Reason   string        // a sentence on this request alone, "" without one
	Outcome  *otp.Outcome  // how the account stands; nil when that is not known
	Retry    time.Duration // when to try again; 0 when that is not said
	Phone    string        // the masked number that it is about
	Phones   []string      // all numbers of the visitor, masked, by their positions
	At       int           // the position of Phone among them, counted from 1
	Ask      *page.Ask     // what the page that asks for a number shows; nil on all others
	Unproven bool          // the visitor may change the number, because no code has proved it
	GateName string        // which gate says no, where a request passes several
}

// Refusal is the problem without any particulars.
func (p Problem) Refusal() Refusal { return Refusal{Problem: p} }

// Because is the problem with a sentence on what is wrong with this request.
func (p Problem) Because(reason string) Refusal { return Refusal{Problem: p, Reason: reason} }

// After is the problem with a time after which to try again.
func (p Problem) After(d time.Duration) Refusal { return Refusal{Problem: p, Retry: d} }

// detail is what the person at the screen is told: what is wrong with the request, where that is said, and what to do.
func (f Refusal) detail() string {
	if f.Reason == "" {
		return f.Advice
	}
	return f.Reason + " " + f.Advice
}
