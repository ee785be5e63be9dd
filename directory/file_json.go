package directory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode"
)

// A JSON file holds either an object with a member for each user, or a list of objects:
//
//	{"alice": "+15005550006", "bob": ["+15005550009", "+15005550010"], "carol": null}
//	[{"user": "alice", "phone": "+15005550006"}, {"user": "bob", "phone": ["+15005550009", "+15005550010"]}]
//
// A user whose number is null, "" or an empty list has no number. Objects of a list may have other members.

// isJSON reports whether a file is read as JSON, by its name.
func isJSON(path string) bool { return strings.EqualFold(filepath.Ext(path), ".json") }

// errShape says which JSON is expected.
var errShape = errors.New(`expected {"alice": "+15005550006"}, or [{"user": "alice", "phone": "+15005550006"}]`)

// jsonFile reads one JSON file, and knows at which line it is.
type jsonFile struct {
	data    []byte
	decoder *json.Decoder
	table   *table
	lines   map[string]int // Canonical names that were read, with a number or without, and where
}

// parseJSON reads a JSON file. Errors name file and line, and never hold a user or a number.
func parseJSON(path string, data []byte) (*table, error) {
	f := &jsonFile{
		data: data, decoder: json.NewDecoder(bytes.NewReader(data)),
		table: &table{numbers: make(map[string]string)}, lines: make(map[string]int),
	}
	f.decoder.UseNumber()
	if err := f.read(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, f.line(), err)
	}
	return f.table, nil
}

// line is the line of what was read last.
func (f *jsonFile) line() int {
	return 1 + bytes.Count(f.data[:min(int(f.decoder.InputOffset()), len(f.data))], []byte("\n"))
}

func (f *jsonFile) read() error {
	first, err := f.decoder.Token()
	if err != nil {
		return plainJSON(err)
	}
	one := f.member
	switch first {
	case json.Delim('['):
		one = f.entry
	case json.Delim('{'):
	default:
		return errShape
	}
	for f.decoder.More() {
		if err := one(); err != nil {
			return plainJSON(err)
		}
	}
	if _, err := f.decoder.Token(); err != nil { // the closing bracket
		return plainJSON(err)
	}
	if _, err := f.decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind the end of the JSON")
	}
	return nil
}

// member reads a member of an object: the user, and the numbers.
func (f *jsonFile) member() error {
	user, err := f.decoder.Token()
	if err != nil {
		return err
	}
	var numbers any
	if err := f.decoder.Decode(&numbers); err != nil {
		return err
	}
	return f.add(user.(string), numbers)
}

// entry reads an object of a list.
func (f *jsonFile) entry() error {
	var e map[string]any
	if err := f.decoder.Decode(&e); err != nil {
		return err
	}
	user, isText := e["user"].(string)
	numbers, has := e["phone"]
	if !isText || !has {
		return errShape
	}
	return f.add(user, numbers)
}

func (f *jsonFile) add(user string, value any) error {
	name := Canonical(user)
	switch {
	case name == "":
		return errors.New("the user is empty or has control characters")
	case f.lines[name] != 0:
		return fmt.Errorf("the user stands twice, first in line %d, perhaps in another spelling", f.lines[name])
	}
	f.lines[name] = f.line()
	numbers, err := numbersOf(value)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if strings.ContainsFunc(n, unicode.IsControl) {
			return errors.New("a phone number has control characters")
		}
	}
	if len(numbers) > 0 {
		f.table.numbers[name] = strings.Join(numbers, between)
		f.table.users = append(f.table.users, tableLine{f.lines[name], name})
	}
	return nil
}

// plainJSON is an error of the decoder without what stands in the file.
func plainJSON(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON: %w", syntax)
	case errors.As(err, &kind):
		return errShape
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON is not complete")
	}
	return err
}
