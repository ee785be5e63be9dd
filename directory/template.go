package directory

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Resolve replaces a placeholder like {env.NAME} by its value, when the configuration is read.
type Resolve func(placeholder string) (string, error)

// variables are what a template can hold of a person.
var variables = map[string]func(Person) string{
	"user":       func(p Person) string { return p.Name },
	"user.given": func(p Person) string { return p.Given },
	"user.login": func(p Person) string { return login(p.Name) },
}

// login is a name without the domain that Active Directory and the like add: the name behind the last backslash of
// DOMAIN\name, and before the first @ of name@domain. It is the whole name where nothing would be left.
func login(name string) string {
	before, _, _ := strings.Cut(name[strings.LastIndexByte(name, '\\')+1:], "@")
	return cmp.Or(before, name)
}

// template is a text with variables: {user} is the Canonical name, {user.given} the name as the first factor wrote it,
// {user.login} the canonical name without a domain. The value of a variable is never searched for variables.
type template []piece

// piece is a part of a template: a text, or a variable with its name.
type piece struct {
	text     string
	variable string
	value    func(Person) string // nil for a text
}

var (
	braces    = regexp.MustCompile(`\{[A-Za-z_][^{}\s"']*\}`)
	aVariable = regexp.MustCompile(`^\{[a-z_]+\}$|^\{user\b`)
)

// parseTemplate reads a text. Placeholders like {env.NAME} are replaced now; a word in braces that looks like a
// variable and is none is an error.
func parseTemplate(text string, resolve Resolve) (template, error) {
	var t template
	end := 0
	for _, at := range braces.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		t = append(t, piece{text: text[end:at[0]]})
		end = at[1]
		name := word[1 : len(word)-1]
		if value, known := variables[name]; known {
			t = append(t, piece{variable: name, value: value})
			continue
		}
		if aVariable.MatchString(word) || resolve == nil {
			return nil, fmt.Errorf("there is no variable %s; there are {user}, {user.given} and {user.login}", word)
		}
		value, err := resolve(word)
		if err != nil {
			return nil, err
		}
		t = append(t, piece{text: value})
	}
	return append(t, piece{text: text[end:]}), nil
}

// fill puts a person into a template. Each value is escaped by escape, which may be nil.
func (t template) fill(p Person, escape func(string) string) string {
	var b strings.Builder
	for _, piece := range t {
		switch {
		case piece.value == nil:
			b.WriteString(piece.text)
		case escape == nil:
			b.WriteString(piece.value(p))
		default:
			b.WriteString(escape(piece.value(p)))
		}
	}
	return b.String()
}

// cut is the template before and after the first separator in its texts; after is nil without one.
func (t template) cut(separator string) (before, after template) {
	for i, p := range t {
		if text, rest, found := strings.Cut(p.text, separator); found {
			before = append(slices.Clone(t[:i]), piece{text: text})
			return before, append(template{{text: rest}}, t[i+1:]...)
		}
	}
	return t, nil
}

// names reports whether a template holds a variable, so that it is about one person.
func (t template) names() bool {
	return slices.ContainsFunc(t, func(p piece) bool { return p.value != nil })
}
