package otp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DefaultMessage is the text when the operator configures none.
const DefaultMessage = "{brand}: your code is {code}. It is valid for {minutes} min. Do not share it with anyone."

// Message is the operator's text. The variables {code}, {brand}, {minutes} and {host} stand for the code, the
// site's name, the minutes for which the code is still valid and the site's host. The gate adds the last line.
type Message struct{ text string }

// ParseMessage reads a text; "" is DefaultMessage.
func ParseMessage(text string) (Message, error) {
	if text == "" {
		text = DefaultMessage
	}
	if !strings.Contains(text, "{code}") {
		return Message{}, fmt.Errorf("message: it does not contain {code}")
	}
	rest := variables("", "", "", "").Replace(text)
	if i := strings.IndexByte(rest, '{'); i >= 0 {
		return Message{}, fmt.Errorf("message: unknown variable at %q, expected {code}, {brand}, {minutes} or {host}",
			shorten(rest[i:]))
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "@") {
			return Message{}, errors.New("message: a line starts with @; " +
				"the line that binds the code to the site is added to every text")
		}
	}
	return Message{text: text}, nil
}

func shorten(s string) string {
	if end := strings.IndexByte(s, '}'); end >= 0 {
		return s[:end+1]
	}
	return s[:min(len(s), 20)]
}

func variables(code, brand, minutes, host string) *strings.Replacer {
	return strings.NewReplacer("{code}", code, "{brand}", brand, "{minutes}", minutes, "{host}", host)
}

// Text is the whole text of a message: the operator's words, an empty line, and the line by which browsers offer
// the code on the right site only (WICG origin-bound one-time codes). The code is valid for the time given.
func (m Message) Text(code, brand, host string, valid time.Duration) string {
	words := variables(code, brand, minutes(valid), host).Replace(m.text)
	return words + "\n\n@" + host + " #" + code
}

// minutes rounds to whole minutes, at least one.
func minutes(d time.Duration) string {
	return strconv.Itoa(max(1, int((d+30*time.Second)/time.Minute)))
}
