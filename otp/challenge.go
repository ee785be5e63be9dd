package otp

import (
	"slices"
	"time"
)

// ChallengeID names a challenge and is the nonce from which its code is derived.
type ChallengeID [16]byte

// replyGrace is how long the browser that typed the right code may type it again: a double click, or a reply that was
// lost on the way. It gets the session it already has.
const replyGrace = time.Minute

// Challenge is a code that somebody was asked for.
type Challenge struct {
	ID      ChallengeID
	Begun   time.Time
	Expires time.Time
	texts   []string // the IDs of its texts, the latest last
	marks   []mark   // guesses that were counted
	// unanswered is how many guesses were given back because whoever made the code did not say whether they were right.
	unanswered int

	// opened is when the right code was typed, zero before, and By is the browser in which it was.
	opened time.Time
	by     BrowserID
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
