package register

import (
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// Entry is what the register knows of a user.
type Entry struct {
	// User is the canonical name of the user.
	User string
	// Numbers are the user's numbers, in the order in which they were entered. There is at least one.
	Numbers []Number
}

// Number is a number of a user.
type Number struct {
	Phone phone.Number
	// First and Last say when a code proved the number for the first and for the latest time, on the clock of the
	// store. Both are zero when no code has proved it: the operator entered it.
	First, Last time.Time
	// How says how the number came into the register.
	How How
}

// How says how a number came into the register.
type How string

// Ways into the register.
const (
	HowEnroll    How = "enroll"    // the visitor gave the number, and a code proved it
	HowDirectory How = "directory" // another directory has the number, and a code proved it
	HowOperator  How = "operator"  // the operator entered it
)

// Outcome is what came of entering or removing something.
type Outcome string

// Outcomes.
const (
	Done      Outcome = "done"
	Unchanged Outcome = "unchanged" // the register held just that before
	Taken     Outcome = "taken"     // the number is another user's, and is not shared
	Other     Outcome = "other"     // the user has another number
	Missing   Outcome = "missing"   // the user has no such number, or none at all
)
