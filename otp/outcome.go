package otp

import "time"

// Kind is what a step found.
type Kind string

// What a step can find.
const (
	// Idle: no challenge waits, and none was asked for.
	Idle Kind = "idle"
	// Waiting: a challenge waits for its code. The value "open" is the word for this kind in logs and metrics.
	Waiting Kind = "open"
	// Sending: a challenge waits for its code, and the caller shall send its text now.
	Sending Kind = "sending"
	// Asking: the guess is written down, and the code was made by a provider: the caller shall ask the sender named
	// Text.CodeBy whether the guess is right, and then tell the verifier (Decide, or Unanswered).
	Asking Kind = "asking"
	// Right: the code was right.
	Right Kind = "right"
	// Wrong: the code was wrong; Standing.AttemptsLeft tells how many more are allowed.
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
	// Text is the text whose code that challenge waits for; its ID is empty without one. A guess is compared with the
	// code of this text and of no other: where a provider makes a new code for each text, a newer text ends the
	// older ones.
	Text Text
	// Awaited tells that a text of the account went out whose code nobody has typed right, as far as limits remember.
	Awaited bool
	// Dispatch is the text to send, when Kind is Sending.
	Dispatch Dispatch
	// Session names the session that the right code opened, when Kind is Right. OpenedAt is when the code opened the
	// session, on the clock of the store, and OpenedAgo how long ago that was. Stamp is the place of the session among
	// the openings and endings of the account, see Ending. First tells that this guess opened the session, and not an
	// earlier copy of the guess.
	Session   string
	OpenedAt  time.Time
	OpenedAgo time.Duration
	Stamp     int64
	First     bool
}

// Standing is what a visitor may know of the account.
type Standing struct {
	AttemptsLeft int           // wrong codes allowed before the next block
	BlockedFor   time.Duration // how long a block still lasts
	ResendIn     time.Duration // how long until another text may be asked for
	ExpiresIn    time.Duration // how long the challenge still lasts
	Delivery     Delivery      // what became of the challenge's latest text, "" without one
}

// outcome is what a step found about a challenge, which may be nil, and how the account stands.
func (a *account) outcome(k Kind, now time.Time, p Policy, c *Challenge) Outcome {
	o := Outcome{Kind: k, Standing: a.standing(now, p, c), Awaited: !a.lastAwaited().IsZero()}
	if c != nil {
		o.Challenge, o.Text = *c, a.codeText(c)
	}
	return o
}

// standing is what the visitor with this challenge may know; c may be nil.
func (a *account) standing(now time.Time, p Policy, c *Challenge) Standing {
	s := Standing{
		AttemptsLeft: max(p.Attempts-a.Counted, 0),
		BlockedFor:   max(a.BlockedUntil.Sub(now), 0),
		ResendIn:     a.wait(now, p),
	}
	if c != nil {
		s.ExpiresIn = max(c.Expires.Sub(now), 0)
		s.Delivery = a.latestText(c).Delivery.told()
	}
	return s
}
