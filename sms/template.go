package sms

import (
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// values are the variables of one message, by name.
type values map[string]string

// valuesOf gives the variables of a message, the number and the text in every spelling that providers ask for.
func valuesOf(m Message) values {
	parts, foreign := Segments(m.Text)
	encoding := "gsm7"
	if foreign != 0 {
		encoding = "ucs2"
	}
	return values{
		"to": m.To.E164(), "to_digits": m.To.Digits(), "to_00": m.To.DoubleZero(), "to_national": m.To.National(),
		"text": m.Text, "text_hex": utf16Hex(m.Text), "code": m.Code, "lang": m.Language, "id": m.ID,
		"ttl": strconv.Itoa(max(1, int(m.TTL.Seconds()))), "encoding": encoding, "segments": strconv.Itoa(parts),
	}
}

// utf16Hex is a text in UTF-16, big endian, in hexadecimal digits, the form in which several SMS gateways take a
// text that is not in GSM-7.
func utf16Hex(text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, byte(unit>>8), byte(unit))
	}
	return strings.ToUpper(hex.EncodeToString(b))
}

// variables are the names of all variables.
var variables = slices.Sorted(maps.Keys(valuesOf(Message{})))

// template is a text with variables in it. The value of a variable is not searched for variables.
type template []piece

// piece is a part of a template: a text, or the name of a variable.
type piece struct{ text, variable string }

var (
	braces      = regexp.MustCompile(`\{[^{}\s]+\}`)
	variable    = regexp.MustCompile(`^[a-z_0-9]+$`)
	placeholder = regexp.MustCompile(`^[a-z]+\.`)
)

// parseTemplate reads a text with variables like {to} and placeholders like {env.NAME}. Placeholders are replaced
// now, by resolve; variables are replaced in each message, by fill. A word in braces that looks like a variable and
// is none is an error; any other text in braces stays as it is.
func parseTemplate(text string, resolve func(string) (string, error)) (template, error) {
	var t template
	for text != "" {
		at := braces.FindStringIndex(text)
		if at == nil {
			return append(t, piece{text: text}), nil
		}
		t = append(t, piece{text: text[:at[0]]})
		p, err := parsePiece(text[at[0]:at[1]], resolve)
		if err != nil {
			return nil, err
		}
		t, text = append(t, p), text[at[1]:]
	}
	return t, nil
}

// parsePiece reads what stands in braces, the braces included.
func parsePiece(s string, resolve func(string) (string, error)) (piece, error) {
	name := s[1 : len(s)-1]
	switch {
	case slices.Contains(variables, name):
		return piece{variable: name}, nil
	case variable.MatchString(name):
		return piece{}, fmt.Errorf("there is no variable %s; known are {%s}", s, strings.Join(variables, "} {"))
	case placeholder.MatchString(name):
		text, err := resolve(s)
		return piece{text: text}, err
	}
	return piece{text: s}, nil
}

// fill is the text with the values of its variables, each escaped by escape.
func (t template) fill(v values, escape func(string) string) string {
	var b strings.Builder
	for _, p := range t {
		if p.variable == "" {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(escape(v[p.variable]))
	}
	return b.String()
}

// uses reports whether one of the named variables stands in the template, or without names, whether any does.
func (t template) uses(names ...string) bool {
	return slices.ContainsFunc(t, func(p piece) bool {
		return p.variable != "" && (len(names) == 0 || slices.Contains(names, p.variable))
	})
}

// asIs escapes nothing.
func asIs(s string) string { return s }
