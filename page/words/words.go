// Package words holds what the page says, in every language that it speaks.
//
// A text has a key, like title-enter. It may have variables, like {time}, and parts that stand inside an element of
// the page, like {link}reload this page{/link}; it holds no HTML. A text with the variable {n} has one form for each
// plural of its language (Unicode CLDR), and the number chooses.
//
// Each language is one file, like de.json: a list of entries for a translator, with the key, a note, the English text
// and the translation. The English file, en.json, says which keys, variables and notes there are; the others repeat
// them, and a test fails where they do not.
package words

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Language is what the page says in one language. It does not change, and may be used by many goroutines at once.
type Language struct {
	Tag    language.Tag
	texts  map[string]Text
	digits [10]string // of the text digits
}

// newLanguage makes a language from its texts, which have been checked.
func newLanguage(tag language.Tag, texts map[string]Text) *Language {
	l := &Language{Tag: tag, texts: texts}
	for i, digit := range []rune(texts["digits"].String()) {
		l.digits[i] = string(digit)
	}
	return l
}

// Direction is how the language is written: "rtl", from right to left, or "ltr".
func (l *Language) Direction() string {
	switch script, _ := l.Tag.Script(); script.String() {
	case "Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa":
		return "rtl"
	}
	return "ltr"
}

// Text finds a text by its key.
func (l *Language) Text(key string) (Text, bool) {
	t, ok := l.texts[key]
	return t, ok
}

// Element is an element of the page that a part of a text stands in: its tags.
type Element struct{ Open, Close template.HTML }

// Say is a text as HTML. What its variables stand for follows the key, in pairs of a name and a value:
//
//	Say("wait-again", "time", 5*time.Minute)
//
// A whole number is written in the digits of the language, and as the value of n it chooses the plural; a duration is
// written in words. An [Element] stands around a part of the text. A string is escaped, and template.HTML is not.
// An unknown key, and a variable without a value, are errors.
func (l *Language) Say(key string, pairs ...any) (template.HTML, error) {
	t, ok := l.texts[key]
	if !ok {
		return "", fmt.Errorf("there is no text with the key %q", key)
	}
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("text %s: a variable has no value", key)
	}
	var said strings.Builder
	for _, p := range t.phrase(l.Tag, number(pairs)) {
		if p.variable == "" {
			said.WriteString(p.html)
			continue
		}
		value, err := l.value(p, pairs)
		if err != nil {
			return "", fmt.Errorf("text %s: %w", key, err)
		}
		said.WriteString(value)
	}
	return template.HTML(said.String()), nil
}

// number is the value of the variable n, 0 where there is none.
func number(pairs []any) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		if n, ok := pairs[i+1].(int); ok && pairs[i] == "n" {
			return n
		}
	}
	return 0
}

// value is what a variable stands for, as HTML.
func (l *Language) value(p part, pairs []any) (string, error) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] != p.variable {
			continue
		}
		switch v := pairs[i+1].(type) {
		case Element:
			if p.closes {
				return string(v.Close), nil
			}
			return string(v.Open), nil
		case template.HTML:
			return string(v), nil
		case time.Duration:
			return template.HTMLEscapeString(l.Duration(v)), nil
		case int:
			return l.Number(v), nil
		case string:
			return template.HTMLEscapeString(v), nil
		default:
			return "", fmt.Errorf("the variable {%s} cannot be a %T", p.variable, v)
		}
	}
	return "", fmt.Errorf("the variable {%s} has no value", p.variable)
}

// form is the plural that a number takes in a language.
func form(tag language.Tag, n int) string {
	return formNames[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)]
}

// formNames are the plurals of CLDR.
var formNames = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two",
	plural.Few: "few", plural.Many: "many", plural.Other: other,
}

// other is the plural that every language has, and the only form of a text without plurals.
const other = "other"
