package otp

import (
	"slices"
	"time"
)

// ChallengeID names a challenge and is the nonce from which its code is derived.
type ChallengeID [16]byte

// replyGrace is how long the browser that typed the right code may type the code again, as after a double click or
// a lost reply. The browser then gets the session that it already has.
const replyGrace = time.Minute

// Challenge is the question for one code.
type Challenge struct {
	ID      ChallengeID
	Begun   time.Time
	Expires time.Time
	Phone   string   // where its texts went, by the name under which they are counted; "" where an older gateway wrote it
	codeKey string   // ID of the secret under which the challenge began; "" where its code is taken from the root alone
	texts   []string // IDs of the latest texts, the newest last
	marks   []mark   // of the latest guesses that were counted
	// unanswered is how many guesses were given back because the provider that made the code did not answer.
	unanswered int

	// opened is when the right code was typed, zero before; by is the browser in which the code was typed, and stamp
	// the stamp of the session that the code opened.
	opened time.Time
	by     BrowserID
	stamp  int64
}

func (c *Challenge) expired(now time.Time) bool { return !now.Before(c.Expires) }

// waits reports whether the challenge still waits for its code.
func (c *Challenge) waits(now time.Time) bool { return c.opened.IsZero() && !c.expired(now) }

// justOpenedBy reports whether browser b typed the right code within the last replyGrace.
func (c *Challenge) justOpenedBy(b BrowserID, now time.Time) bool {
	return !c.opened.IsZero() && c.by == b && now.Before(c.opened.Add(replyGrace))
}

// aliveFor reports whether browser b can still use the challenge: it waits for its code, or b has just opened it.
func (c *Challenge) aliveFor(b BrowserID, now time.Time) bool {
	return c.waits(now) || c.justOpenedBy(b, now)
}

// maxTexts is how many of its texts a challenge remembers.
const maxTexts = 8

// addText adds the latest text. Only the latest few are kept.
func (c *Challenge) addText(id string) {
	c.texts = append(c.texts, id)
	if len(c.texts) > maxTexts {
		c.texts = c.texts[1:]
	}
}

func (c *Challenge) marked(m mark) bool { return slices.Contains(c.marks, m) }

// key names the secret of the challenge's code, "" without a challenge.
func (c *Challenge) key() string {
	if c == nil {
		return ""
	}
	return c.codeKey
}

// mark writes a guess down. Only the latest few are kept, so that a record stays small where blocks are short.
func (c *Challenge) mark(m mark) {
	c.marks = append(c.marks, m)
	if len(c.marks) > MaxAttempts {
		c.marks = c.marks[1:]
	}
}

// unmark forgets one copy of a guess, and reports whether there was one.
func (c *Challenge) unmark(m mark) bool {
	i := slices.Index(c.marks, m)
	if i >= 0 {
		c.marks = slices.Delete(c.marks, i, i+1)
	}
	return i >= 0
}
