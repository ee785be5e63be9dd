package directory

import (
	"encoding/json"
	"errors"
	"strings"
)

// Numbers are the phone numbers of one person, as they were written down, the one that is to be used first in front.
// There are none for a person without a number. They are not to be changed: several lookups may share them.
type Numbers []string

// between stands between the numbers of one user, where there are several.
const between = "\n"

// NumbersInText reads the numbers in a text of a source that has one text for each user: one number a line, or a JSON
// list of numbers, if the text begins with a bracket. Commas and the like do not separate numbers, because people
// write them inside of numbers.
func NumbersInText(text string) (Numbers, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	if !strings.HasPrefix(text, "[") {
		return strings.Split(text, between), nil
	}
	var list []any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&list); err != nil {
		return nil, fault(Unreadable, `the value is neither a number nor a list like ["+15005550006"]`)
	}
	numbers, err := numbersOf(list)
	if err != nil {
		return nil, &Error{Class: Unreadable, Err: err}
	}
	return numbers, nil
}

// errNumber says which JSON value is a number.
var errNumber = errors.New(`the phone number is not a text like "+15005550006", a list of such texts, or null`)

// numbersOf reads the numbers in a JSON value: a text, a list of texts, or null for none. A number of JSON counts
// as the text of its digits, and "" as null.
func numbersOf(value any) (Numbers, error) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	var numbers Numbers
	for _, one := range list {
		switch v := one.(type) {
		case nil:
		case json.Number:
			numbers = append(numbers, v.String())
		case string:
			if v = strings.TrimSpace(v); v != "" {
				numbers = append(numbers, v)
			}
		default:
			return nil, errNumber
		}
	}
	return numbers, nil
}
