// Package otp is the domain of the gateway: what a second factor by text message is, and what may happen to it.
//
// Everything about one person in one zone is an [Account]: wrong codes, blocks, texts sent, open challenges. An account
// changes only by the steps of this package (begin, send, settle, report, attempt, unanswer, open, revoke, unlock). A step
// is a pure function of the account, the policy and the time; it has no I/O and reads no clock. The [Verifier] runs steps
// on the records of a store and owns the one rule that spans two of them: a guess is written down before it is compared.
//
// What a step finds is a value, a [Kind]. An error is a fault, and a fault means no.
package otp

import (
	"errors"
	"time"
)

// ErrRecord says that a record in the store cannot be read: it was damaged, or a newer version of the gateway wrote it.
// The account counts as locked until an operator has looked.
var ErrRecord = errors.New("account record cannot be read")

// Kind is what a step found.
type Kind string

// What a step can find.
const (
	// Idle: no challenge is open, and none was asked for.
	Idle Kind = "idle"
	// Open: a challenge is open and waits for its code.
	Open Kind = "open"
	// Sending: a challenge is open and the caller shall send its text now.
	Sending Kind = "sending"
	// Asking: the guess is written down, and the code is not ours: the caller shall ask Text.Maker whether it is right,
	// and then tell the verifier (Decide, or Unanswered).
	Asking Kind = "asking"
	// Right: the code was right.
	Right Kind = "right"
	// Wrong: the code was wrong; Standing.AttemptsLeft tells how many more may be.
	Wrong Kind = "wrong"
	// Malformed: what was typed cannot be a code. It was not counted.
	Malformed Kind = "malformed"
	// Expired: the code's challenge is over, was used, or never was.
	Expired Kind = "expired"
	// Blocked: too many wrong codes; Standing.BlockedFor tells for how long.
	Blocked Kind = "blocked"
	// Disabled: so many wrong codes in a row that only an operator can help (NIST SP 800-63B 3.2.2).
	Disabled Kind = "disabled"
	// Limited: a text was asked for too early or too often; Standing.ResendIn tells how long to wait.
	Limited Kind = "limited"
)

// Outcome is what a step found, and how the account stands after it.
type Outcome struct {
	Kind     Kind
	Standing Standing

	// Challenge is the challenge that the step was about; its ID is zero without one.
	Challenge Challenge
	// Text is the text whose code that challenge waits for; its ID is empty without one. Refs are what its maker calls it and
	// the earlier ones whose codes that maker made, as far as that is known.
	Text Text
	Refs []string
	// Dispatch is the text to send, when Kind is Sending.
	Dispatch Dispatch
	// Session names the session that the right code opened, and OpenedAt when it did, when Kind is Right. First is whether it
	// was this guess that did, and not an earlier copy of it.
	Session  string
	OpenedAt time.Time
	First    bool
}

// Standing is what a visitor may know of the account.
type Standing struct {
	AttemptsLeft int           // wrong codes allowed before the next block
	BlockedFor   time.Duration // how long a block still lasts
	ResendIn     time.Duration // how long until another text may be asked for
	ExpiresIn    time.Duration // how long the open challenge still lasts
	Delivery     Delivery      // what became of the challenge's latest text, "" without one
}
