package operator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// jsonWriter writes rows as a JSON array, one a line.
type jsonWriter struct {
	out  io.Writer
	rows int
}

func (w *jsonWriter) write(r numberRow) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	before := ",\n"
	if w.rows++; w.rows == 1 {
		before = "[\n"
	}
	_, err = fmt.Fprintf(w.out, "%s%s", before, data)
	return err
}

func (w *jsonWriter) close() error {
	end := "\n]\n"
	if w.rows == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(w.out, end)
	return err
}

// jsonReader reads rows from a JSON array, or from objects one after the other.
type jsonReader struct {
	d     *json.Decoder
	lines *lineCounter
	array bool
}

func newJSONReader(in io.Reader, array bool) (*jsonReader, error) {
	lines := &lineCounter{in: in}
	r := &jsonReader{json.NewDecoder(lines), lines, array}
	if array {
		if _, err := r.d.Token(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// next reads a row, see csvReader. The line is that on which the object ends. What is no JSON ends the file, because
// nobody knows where the next object begins.
func (r *jsonReader) next() (row importRow, problem string, err error) {
	if r.array && !r.d.More() {
		if _, err := r.d.Token(); err != nil {
			return row, "", fmt.Errorf("line %d: the list does not end; the file may be cut off", r.lines.last())
		}
		return row, "", io.EOF
	}
	var raw json.RawMessage
	if err := r.d.Decode(&raw); err != nil {
		if errors.Is(err, io.EOF) {
			return row, "", io.EOF
		}
		return row, "", fmt.Errorf("line %d: it is not JSON: %w", r.lines.at(r.d.InputOffset()), err)
	}
	row.Line = r.lines.at(r.d.InputOffset())
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&row.numberRow) != nil {
		return row, `expected an object like {"user":"alice","number":"+15005550006"}`, nil
	}
	return row, row.check(), nil
}

// lineCounter knows on which line an offset lies. It remembers only the lines behind the offset that was asked for
// last.
type lineCounter struct {
	in    io.Reader
	read  int64
	ends  []int64 // offsets of line ends that were read and not asked for yet
	lines int     // line ends before the offset that was asked for last
}

func (c *lineCounter) Read(b []byte) (int, error) {
	n, err := c.in.Read(b)
	for i, char := range b[:n] {
		if char == '\n' {
			c.ends = append(c.ends, c.read+int64(i))
		}
	}
	c.read += int64(n)
	return n, err
}

// at is the line of an offset, which is not before the one that was asked for last.
func (c *lineCounter) at(offset int64) int {
	for len(c.ends) > 0 && c.ends[0] < offset {
		c.ends = c.ends[1:]
		c.lines++
	}
	return c.lines + 1
}

// last is the line that was read last.
func (c *lineCounter) last() int { return c.at(c.read) }
