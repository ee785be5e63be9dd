package words

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Text is one text of a language: its forms by plural, or the form "other" alone. In JSON it is a string, or an object
// with one string for each plural.
type Text struct {
	source  map[string]string
	phrases map[string][]part
}

// part is a piece of a text: words, or a variable.
type part struct {
	html     string // the words, escaped
	variable string // its name, without the slash
	closes   bool   // {/name}: what {name} began ends here
}

// ParseText reads a text with its forms by plural.
func ParseText(forms map[string]string) (Text, error) {
	t := Text{source: forms, phrases: make(map[string][]part, len(forms))}
	for name, words := range forms {
		phrase, err := parsePhrase(words)
		if err != nil {
			return Text{}, err
		}
		t.phrases[name] = phrase
	}
	return t, nil
}

// String is the text as it is written, in the form "other".
func (t Text) String() string { return t.source[other] }

// Forms are the forms of a text by plural, as they are written.
func (t Text) Forms() map[string]string { return maps.Clone(t.source) }

// phrase is the form of a text for a number.
func (t Text) phrase(tag language.Tag, n int) []part {
	if len(t.phrases) > 1 {
		if phrase, ok := t.phrases[form(tag, n)]; ok {
			return phrase
		}
	}
	return t.phrases[other]
}

// variables are the names of all variables of a text, sorted; one that ends a part of the text has a slash before it.
func (t Text) variables() []string {
	found := make(map[string]bool)
	for _, phrase := range t.phrases {
		for _, p := range phrase {
			switch {
			case p.closes:
				found["/"+p.variable] = true
			case p.variable != "":
				found[p.variable] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// MarshalJSON writes a text without plurals as a string.
func (t Text) MarshalJSON() ([]byte, error) {
	if len(t.source) == 1 {
		return json.Marshal(t.source[other])
	}
	return json.Marshal(t.source)
}

// UnmarshalJSON reads a string or an object.
func (t *Text) UnmarshalJSON(data []byte) error {
	forms := make(map[string]string)
	var words string
	if json.Unmarshal(data, &words) == nil {
		forms[other] = words
	} else if err := json.Unmarshal(data, &forms); err != nil {
		return err
	}
	read, err := ParseText(forms)
	*t = read
	return err
}

// escaper escapes words for HTML. Quotes stay: words stand between tags, and html/template escapes them in attributes.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// parsePhrase cuts words at their variables.
func parsePhrase(words string) (parts []part, err error) {
	for rest := words; rest != ""; {
		before, behind, found := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			return nil, fmt.Errorf("a brace is not opened in %q", words)
		}
		if before != "" {
			parts = append(parts, part{html: escaper.Replace(before)})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(behind, "}")
		bare, closes := strings.CutPrefix(name, "/")
		if !closed || !isName(bare) {
			return nil, fmt.Errorf("a variable is not written like {name} in %q", words)
		}
		parts, rest = append(parts, part{variable: bare, closes: closes}), after
	}
	return parts, nil
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}
