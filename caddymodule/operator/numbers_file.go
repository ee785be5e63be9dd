package operator

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// rowReader reads the rows of a file, one after the other. A problem belongs to one row, and the next one can be read;
// an error ends the file, io.EOF at its end.
type rowReader interface {
	next() (row importRow, problem string, err error)
}

// newRowReader reads CSV or JSON: a file that begins with a bracket or a brace is JSON.
func newRowReader(in io.Reader) (rowReader, error) {
	b := bufio.NewReaderSize(in, 64<<10)
	for {
		start, err := b.Peek(4)
		if len(start) == 0 {
			if errors.Is(err, io.EOF) {
				return newCSVReader(b)
			}
			return nil, fmt.Errorf("reading file: %w", err)
		}
		switch {
		case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
			return nil, errors.New("the file is in UTF-16; save it as CSV in UTF-8")
		case bytes.HasPrefix(start, []byte("PK\x03\x04")):
			return nil, errors.New("the file is a spreadsheet; save it as CSV in UTF-8")
		case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
			_, _ = b.Discard(3)
		case start[0] == '[', start[0] == '{':
			return newJSONReader(b, start[0] == '[')
		default:
			return newCSVReader(b)
		}
	}
}

// rowWriter writes the rows of a file.
type rowWriter interface {
	write(r numberRow) error
	close() error
}

// portions reads rows in portions, so that the whole file need not be in memory. All rows of a user that stand one
// below the other are in one portion.
type portions struct {
	in   rowReader
	held *importRow // the first row of the next portion
}

// next reads a portion, and the results of rows that cannot be sent. An error ends the file, io.EOF at its end; the
// rows before it are returned with it.
func (p *portions) next() (rows []importRow, bad []rowResult, err error) {
	if p.held != nil {
		rows, p.held = append(rows, *p.held), nil
	}
	for len(rows)+len(bad) < 10*portionRows {
		row, problem, err := p.in.next()
		switch {
		case err != nil:
			return rows, bad, err
		case problem != "":
			bad = append(bad, rowResult{row.Line, refused, problem})
			continue
		case len(rows) >= portionRows && row.User != rows[len(rows)-1].User:
			p.held = &row
			return rows, bad, nil
		}
		rows = append(rows, row)
	}
	return rows, bad, nil
}
