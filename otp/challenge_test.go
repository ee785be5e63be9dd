package otp

import (
	"testing"
	"time"
)

func TestChallengeIsAlive(t *testing.T) {
	t.Parallel()
	mine, another := BrowserID{1}, BrowserID{2}
	waiting := Challenge{Expires: start.Add(5 * time.Minute)}
	opened := Challenge{Expires: start.Add(5 * time.Minute), opened: start, by: mine}
	for _, tt := range []struct {
		name      string
		challenge Challenge
		browser   BrowserID
		at        time.Duration
		waits     bool
		alive     bool
	}{
		{"waiting", waiting, mine, 0, true, true},
		{"waiting, in another browser", waiting, another, 0, true, true},
		{"just before its end", waiting, mine, 5*time.Minute - 1, true, true},
		{"at its end", waiting, mine, 5 * time.Minute, false, false},
		{"just opened", opened, mine, replyGrace - 1, false, true},
		{"just opened, in another browser", opened, another, 0, false, false},
		{"opened a while ago", opened, mine, replyGrace, false, false},
	} {
		now := start.Add(tt.at)
		waits, alive := tt.challenge.waits(now), tt.challenge.aliveFor(tt.browser, now)
		if waits != tt.waits || alive != tt.alive {
			t.Errorf("%s: waits %t, alive %t; want %t, %t", tt.name, waits, alive, tt.waits, tt.alive)
		}
	}
}

func TestChallengeRemembersTheLatest(t *testing.T) {
	t.Parallel()
	var c Challenge
	for i := range maxTexts + 1 {
		c.addText(string(rune('a' + i)))
	}
	if len(c.texts) != maxTexts || c.texts[0] != "b" {
		t.Errorf("texts %v, want the latest %d", c.texts, maxTexts)
	}
	for i := range MaxAttempts + 1 {
		c.mark(mark{byte(i)})
	}
	if len(c.marks) != MaxAttempts || c.marked(mark{0}) || !c.marked(mark{1}) {
		t.Errorf("marks %v, want the latest %d", c.marks, MaxAttempts)
	}
}

// A guess that was typed twice is written down twice, and given back once at a time.
func TestUnmark(t *testing.T) {
	t.Parallel()
	c := Challenge{marks: []mark{{1}, {2}, {1}}}
	if !c.unmark(mark{1}) || !c.marked(mark{1}) {
		t.Errorf("after the first: %v", c.marks)
	}
	if !c.unmark(mark{1}) || c.marked(mark{1}) || !c.marked(mark{2}) {
		t.Errorf("after the second: %v", c.marks)
	}
	if c.unmark(mark{1}) {
		t.Error("a guess was given back that is not written down")
	}
}
