package sms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// parsedAnswer is an answer whose body is parsed as far as the rules need it.
type parsedAnswer struct {
	answer
	json     any  // nil when the body was not parsed or is not JSON
	readable bool // the body is whole, and JSON if it was to be parsed
}

// read parses the body of an answer as JSON if asJSON is set.
func (a answer) read(asJSON bool) parsedAnswer {
	s := parsedAnswer{answer: a, readable: a.whole}
	if !asJSON {
		return s
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	if d.Decode(&s.json) != nil {
		s.json, s.readable = nil, false
	}
	return s
}

// answerField says where in an answer a text stands: under a JSON pointer, or in the first group of a pattern. A nil
// *answerField is a text that the provider does not give.
type answerField struct {
	pointer []string
	pattern *regexp.Regexp
}

// parseAnswerField reads "json <pointer>" or "text <pattern>".
func parseAnswerField(words []string) (*answerField, error) {
	if len(words) == 0 {
		return nil, nil
	}
	if len(words) != 2 {
		return nil, errors.New(`expected "json" and a pointer like /data/id, or "text" and a pattern`)
	}
	switch words[0] {
	case "json":
		pointer, err := parsePointer(words[1])
		return &answerField{pointer: pointer}, err
	case "text":
		pattern, err := regexp.Compile(words[1])
		if err == nil && pattern.NumSubexp() != 1 {
			err = fmt.Errorf("the pattern %q does not have one group", words[1])
		}
		return &answerField{pattern: pattern}, err
	}
	return nil, fmt.Errorf("%q is neither json nor text", words[0])
}

// find is the text in the field, "" when the answer has none there.
func (f *answerField) find(s parsedAnswer) string {
	switch {
	case f == nil:
		return ""
	case f.pattern == nil:
		text, _ := at(s.json, f.pointer)
		return text
	}
	if m := f.pattern.FindSubmatch(s.body); m != nil {
		return string(m[1])
	}
	return ""
}

// parsePointer reads a JSON pointer (RFC 6901).
func parsePointer(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(s, "/")
	if !ok {
		return nil, fmt.Errorf("%q is not a JSON pointer like /messages/0/status", s)
	}
	var pointer []string
	for name := range strings.SplitSeq(rest, "/") {
		pointer = append(pointer, strings.NewReplacer("~1", "/", "~0", "~").Replace(name))
	}
	return pointer, nil
}

// at is the text, number or truth value under a JSON pointer, as text, "" for an object or a list. The second result
// is false if there is nothing or null.
func at(value any, pointer []string) (string, bool) {
	for _, name := range pointer {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) {
				return "", false
			}
			value = v[i]
		default:
			return "", false
		}
	}
	switch v := value.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", true
}

// rule is a condition on an answer, of one of three kinds: its status is in a list, a JSON pointer leads to one of
// some values, or its body matches a pattern.
type rule struct {
	statuses []int          // kind status; nil for the others
	pointer  []string       // kind json; nil for the others
	values   []string       // kind json; none: any value but null
	pattern  *regexp.Regexp // kind text; nil for the others
}

// parseRules reads rules like "status 200 202", "json /status OK" and "text ^OK".
func parseRules(option string, raw [][]string) (rules []rule, err error) {
	for _, words := range raw {
		r, err := parseRule(words)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func parseRule(words []string) (r rule, err error) {
	if len(words) < 2 {
		return r, errors.New(`expected "status" and numbers, "json", a pointer and values, or "text" and a pattern`)
	}
	switch kind, arg := words[0], words[1]; kind {
	case "status":
		for _, w := range words[1:] {
			status, err := strconv.Atoi(w)
			if err != nil || status < 100 || status > 599 {
				return r, fmt.Errorf("%q is not an HTTP status", w)
			}
			r.statuses = append(r.statuses, status)
		}
	case "json":
		r.values = words[2:]
		r.pointer, err = parsePointer(arg)
		if r.pointer == nil {
			r.pointer = []string{}
		}
	case "text":
		if len(words) > 2 {
			return r, errors.New("text: expected one pattern, in quotes if it has spaces")
		}
		r.pattern, err = regexp.Compile(arg)
	default:
		return r, fmt.Errorf("%q is neither status, json nor text", kind)
	}
	return r, err
}

// matches reports whether an answer meets the condition.
func (r rule) matches(s parsedAnswer) bool {
	switch {
	case r.statuses != nil:
		return slices.Contains(r.statuses, s.status)
	case r.pattern != nil:
		return r.pattern.Match(s.body)
	}
	text, present := at(s.json, r.pointer)
	return present && (len(r.values) == 0 || slices.Contains(r.values, text))
}
