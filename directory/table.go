package directory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// table is what a file says: numbers by user, as they were written down.
type table struct {
	numbers map[string]string // Canonical name -> number, or several with "between" between them
	users   []tableLine       // in the order of the file
	bare    bool              // there is nothing at all, not even a header or a comment
	cut     bool              // the last line has no line end
}

// tableLine is where a user stands.
type tableLine struct {
	line int
	user string // Canonical name
}

const expected = "expected a line like: alice,+15005550006"

// parse reads a file: JSON if its name says so, or else lines, which are separated by commas, semicolons or tabs.
// Errors name file and line, and never hold a user or a number.
func parse(path string, data []byte) (*table, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	if isJSON(path) {
		return parseJSON(path, data)
	}
	if !bytes.ContainsRune(data, '\n') { // lines of an old Macintosh
		data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	}
	t := &table{
		numbers: make(map[string]string),
		bare:    len(bytes.TrimSpace(data)) == 0,
		cut:     len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")),
	}
	return t, t.read(path, data)
}

// checkText makes sure that data is text in UTF-8, and no page.
func checkText(path string, data []byte) error {
	start := bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return fmt.Errorf("%s:1: the file is in UTF-16; save it as CSV in UTF-8", path)
	case bytes.HasPrefix(start, []byte("<")):
		return fmt.Errorf("%s:1: the file is a page of HTML or XML; %s", path, expected)
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return fmt.Errorf("%s:1: the file is a spreadsheet; save it as CSV in UTF-8", path)
	}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		switch {
		case bytes.ContainsRune(line, 0):
			return fmt.Errorf("%s:%d: the line has null characters; save the file as CSV in UTF-8", path, number)
		case !utf8.Valid(line):
			return fmt.Errorf("%s:%d: the line is not in UTF-8; save the file as CSV in UTF-8", path, number)
		}
	}
	return nil
}

func (t *table) read(path string, data []byte) error {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comment, r.FieldsPerRecord, r.Comma = '#', -1, separator(data)
	r.TrimLeadingSpace = r.Comma != '\t'
	for first := true; ; first = false {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return fmt.Errorf("%s:%d: %w; %s", path, broken.Line, broken.Err, expected)
		}
		if err != nil {
			return fmt.Errorf("reading directory: %w", err)
		}
		fields = trimmed(fields)
		if len(fields) == 0 || first && (isHeader(fields) || fields[0] == "sep=") {
			continue
		}
		line, _ := r.FieldPos(0)
		if err := t.add(line, fields); err != nil {
			return fmt.Errorf("%s:%d: %w", path, line, err)
		}
	}
}

// separator finds what stands between the fields: what a first line "sep=;" says, which spreadsheets write, or what
// the first line that is no comment has. Spreadsheets write semicolons in countries where the comma separates
// decimals, and tabs for "text".
func separator(data []byte) rune {
	for line := range bytes.Lines(data) {
		if c, ok := bytes.CutPrefix(line, []byte("sep=")); ok && bytes.ContainsAny(c[:min(len(c), 1)], ",;\t") {
			return rune(c[0])
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		for _, c := range ",;\t" {
			if bytes.ContainsRune(outsideQuotes(line), c) {
				return c
			}
		}
		break
	}
	return ','
}

// outsideQuotes is a line without what stands in quotes.
func outsideQuotes(line []byte) []byte {
	var outside []byte
	for i, part := range bytes.Split(line, []byte(`"`)) {
		if i%2 == 0 {
			outside = append(outside, part...)
		}
	}
	return outside
}

// trimmed is fields without the spaces around them, and without the empty columns that a spreadsheet writes behind the
// second one. A line of empty columns has no fields.
func trimmed(fields []string) []string {
	for i, f := range fields {
		fields[i] = strings.TrimSpace(f)
	}
	for len(fields) > 2 && fields[len(fields)-1] == "" {
		fields = fields[:len(fields)-1]
	}
	if strings.Join(fields, "") == "" {
		return nil
	}
	return fields
}

// What a header may call the columns.
var (
	userHeaders  = []string{"user", "username", "user name", "name", "login", "account", "id", "email", "e-mail", "mail"}
	phoneHeaders = []string{
		"phone", "phone number", "phonenumber", "phone_number", "number", "mobile", "mobile number", "mobile phone",
		"cell", "cell phone", "tel", "telephone", "telephonenumber", "telefon", "handy",
	}
)

func isHeader(fields []string) bool {
	return len(fields) == 2 && slices.Contains(userHeaders, strings.ToLower(fields[0])) &&
		slices.Contains(phoneHeaders, strings.ToLower(fields[1]))
}

// add adds the user and the number of one line.
func (t *table) add(line int, fields []string) error {
	if len(fields) != 2 {
		return fmt.Errorf("%d fields; %s", len(fields), expected)
	}
	name, number := Canonical(fields[0]), fields[1]
	switch {
	case name == "":
		return errors.New("the user is empty or has control characters")
	case number == "":
		return errors.New("the phone number is empty")
	case t.numbers[name] != "":
		return fmt.Errorf("the user stands twice, first in line %d, perhaps in another spelling", t.lineOf(name))
	}
	t.numbers[name] = number
	t.users = append(t.users, tableLine{line, name})
	return nil
}

func (t *table) lineOf(user string) int {
	i := slices.IndexFunc(t.users, func(l tableLine) bool { return l.user == user })
	return t.users[i].line
}
