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
	Texts   []string // the IDs of its texts, the latest last
	Marks   []Mark   // guesses that were counted
	// Unanswered is how many guesses were given back because whoever made the code did not say whether they were right.
	Unanswered int

	// Opened is when the right code was typed, zero before, and By is the browser in which it was.
	Opened time.Time
	By     BrowserID
}

func (c *Challenge) expired(now time.Time) bool { return !now.Before(c.Expires) }

// waits reports whether the challenge still waits for its code.
func (c *Challenge) waits(now time.Time) bool { return c.Opened.IsZero() && !c.expired(now) }

// answered reports whether browser b typed the right code a moment ago.
func (c *Challenge) answered(b BrowserID, now time.Time) bool {
	return !c.Opened.IsZero() && c.By == b && now.Before(c.Opened.Add(replyGrace))
}

// maxTexts is how many of its texts a challenge remembers.
const maxTexts = 8

// order adds the latest text.
func (c *Challenge) order(id string) {
	c.Texts = append(c.Texts, id)
	if len(c.Texts) > maxTexts {
		c.Texts = c.Texts[1:]
	}
}

func (c *Challenge) marked(m Mark) bool { return slices.Contains(c.Marks, m) }

// mark writes a guess down. Only the latest few are kept, so that a record stays small where blocks are short.
func (c *Challenge) mark(m Mark) {
	c.Marks = append(c.Marks, m)
	if len(c.Marks) > MaxAttempts {
		c.Marks = c.Marks[1:]
	}
}

// unmark forgets one copy of a guess, and reports whether there was one.
func (c *Challenge) unmark(m Mark) bool {
	i := slices.Index(c.Marks, m)
	if i >= 0 {
		c.Marks = slices.Delete(c.Marks, i, i+1)
	}
	return i >= 0
}
