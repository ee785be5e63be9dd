package operator

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// columns are the columns of a CSV of numbers, in their order.
var columns = []string{"user", "number", "first_proven", "last_proven", "how"}

// formulaStarts are the characters with which a cell begins that a spreadsheet takes for a formula (OWASP, CSV
// Injection).
const formulaStarts = "=+-@\t\r\n"

// safeCell makes a cell that no spreadsheet takes for a formula: it puts an apostrophe before a dangerous beginning,
// before an apostrophe, so that givenCell finds the text again, and before what would be a comment.
func safeCell(text string) string {
	if text != "" && strings.ContainsRune(formulaStarts+"'#", rune(text[0])) {
		return "'" + text
	}
	return text
}

// givenCell is the text of a cell that safeCell may have made. An apostrophe before anything else is part of the text.
func givenCell(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formulaStarts+"'#", rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

// csvWriter writes rows as CSV (RFC 4180), with a line of headings.
type csvWriter struct{ w *csv.Writer }

func newCSVWriter(out io.Writer) (csvWriter, error) {
	w := csvWriter{csv.NewWriter(out)}
	return w, w.w.Write(columns)
}

func (w csvWriter) write(r numberRow) error {
	return w.w.Write([]string{
		safeCell(r.User), safeCell(r.Number), safeCell(r.First), safeCell(r.Last), safeCell(r.How),
	})
}

func (w csvWriter) close() error {
	w.w.Flush()
	return w.w.Error()
}

// csvReader reads rows from a CSV: with a line of headings the columns may stand in any order, without one the first
// is the user and the second the number. Columns are separated by commas, semicolons or tabs.
type csvReader struct {
	r      *csv.Reader
	column map[string]int // by heading
	held   []string       // the first line, if it is a row
	line   int            // of held
}

func newCSVReader(in *bufio.Reader) (*csvReader, error) {
	r := &csvReader{r: csv.NewReader(in), column: make(map[string]int)}
	first, err := in.Peek(in.Size())
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	head, _, _ := strings.Cut(string(first), "\n")
	for _, separator := range []rune{';', '\t'} {
		if strings.ContainsRune(head, separator) && !strings.ContainsRune(head, ',') {
			r.r.Comma = separator
		}
	}
	r.r.FieldsPerRecord, r.r.Comment, r.r.ReuseRecord = -1, '#', false
	return r, r.readHead()
}

// readHead reads the line of headings. A first line without the heading user is a row.
func (r *csvReader) readHead() error {
	fields, err := r.r.Read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("line 1: %w", err)
	}
	for i, heading := range fields {
		heading = strings.ToLower(strings.TrimSpace(heading))
		if heading == "phone" {
			heading = "number"
		}
		r.column[heading] = i
	}
	_, user := r.column["user"]
	_, number := r.column["number"]
	switch {
	case user && number:
		return r.checkHead(fields)
	case user:
		return errors.New("line 1: there is no heading number; expected a line like: user,number")
	}
	r.column = map[string]int{"user": 0, "number": 1}
	r.held = fields
	r.line, _ = r.r.FieldPos(0)
	return nil
}

// checkHead refuses a heading that is not known: it may be a misspelt one.
func (r *csvReader) checkHead(fields []string) error {
	for heading := range r.column {
		known := false
		for _, c := range columns {
			known = known || c == heading
		}
		if !known {
			return fmt.Errorf("line 1: the heading %q is not known; expected some of %s", heading,
				strings.Join(columns, ", "))
		}
	}
	if len(r.column) != len(fields) {
		return errors.New("line 1: a heading stands twice")
	}
	return nil
}

// next reads a row. A problem belongs to one line, and the next one can be read; an error ends the file.
func (r *csvReader) next() (row importRow, problem string, err error) {
	fields := r.held
	if row.Line = r.line; fields == nil {
		fields, err = r.r.Read()
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong):
			return importRow{Line: wrong.StartLine}, wrong.Err.Error(), nil
		case err != nil:
			return row, "", err
		}
		row.Line, _ = r.r.FieldPos(0)
	}
	r.held = nil
	if len(fields) < 2 {
		return row, "expected a line like: alice,+15005550006", nil
	}
	if len(r.column) == 2 && r.line > 0 && len(fields) > 2 {
		return row, "there are more than two columns, and no headings; write a first line like: user,number", nil
	}
	for heading, into := range map[string]*string{
		"user": &row.User, "number": &row.Number, "first_proven": &row.First, "last_proven": &row.Last, "how": &row.How,
	} {
		if i, ok := r.column[heading]; ok && i < len(fields) {
			*into = givenCell(fields[i])
		}
	}
	return row, row.check(), nil
}

// maxCell is how long a cell may be, in bytes.
const maxCell = 1000

// check says why a row cannot be sent, "" if it can.
func (r numberRow) check() string {
	for i, cell := range []string{r.User, r.Number, r.First, r.Last, r.How} {
		switch {
		case len(cell) > maxCell:
			return fmt.Sprintf("%s: it has %d bytes, expected %d at the most", columns[i], len(cell), maxCell)
		case !utf8.ValidString(cell):
			return fmt.Sprintf("%s: it is not in UTF-8; save the file as CSV in UTF-8", columns[i])
		}
	}
	return ""
}
