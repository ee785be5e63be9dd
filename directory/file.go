package directory

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxFile is the size in bytes of the largest file that is read.
const maxFile = 64 << 20

// checkEvery is the least time between two checks whether the file has changed.
const checkEvery = time.Second

// File is a directory in a CSV file of lines "user,phone". A first line "user,phone" is taken for a header, and
// lines that begin with # for comments. A lookup reads the file again if it has changed, and checks that at most
// once a second. If the new contents cannot be read, the fault is reported once and the numbers of the last good
// contents stay in use.
type File struct {
	path   string
	now    func() time.Time
	report func(error)

	numbers atomic.Pointer[map[string]string] // Canonical name -> number
	checked atomic.Int64                      // when the file was last checked for a change, milliseconds since 1970

	mu       sync.Mutex
	seen     os.FileInfo // of the contents in use
	reported string      // the fault that was reported last, "" after good contents
}

var _ Directory = (*File)(nil)

// OpenFile reads the file at path, and fails if it cannot be read or has a line that cannot. now is the clock.
// report is called with the fault when later contents cannot be read.
func OpenFile(path string, now func() time.Time, report func(error)) (*File, error) {
	f := &File{path: path, now: now, report: report}
	if err := f.read(); err != nil {
		return nil, err
	}
	f.checked.Store(now().UnixMilli())
	return f, nil
}

// Lookup finds a number. It returns no error: while the file cannot be read, the numbers last read are used.
func (f *File) Lookup(_ context.Context, user string) (string, bool, error) {
	f.refresh()
	number, ok := (*f.numbers.Load())[user]
	return number, ok, nil
}

// refresh reads the file again if it has changed. Of the lookups within checkEvery, one checks the file.
func (f *File) refresh() {
	last, now := f.checked.Load(), f.now().UnixMilli()
	if now-last < checkEvery.Milliseconds() && now >= last || !f.checked.CompareAndSwap(last, now) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if err == nil && f.unchanged(info) {
		return
	}
	f.reportOnce(f.read())
}

// reportOnce reports a fault, unless it is the fault that was reported last.
func (f *File) reportOnce(err error) {
	if err == nil {
		f.reported = ""
		return
	}
	if f.reported != err.Error() {
		f.reported = err.Error()
		f.report(err)
	}
}

// unchanged reports whether the file is the one that was read last, judged by identity, size and time of change.
func (f *File) unchanged(info os.FileInfo) bool {
	return f.seen != nil && os.SameFile(f.seen, info) &&
		f.seen.Size() == info.Size() && f.seen.ModTime().Equal(info.ModTime())
}

func (f *File) read() error {
	file, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("opening directory: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("opening directory: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return fmt.Errorf("reading directory: %w", err)
	}
	if len(data) > maxFile {
		return fmt.Errorf("reading directory: %s is larger than %d MiB", f.path, maxFile>>20)
	}
	numbers, err := parse(f.path, data)
	if err != nil {
		return err
	}
	f.numbers.Store(&numbers)
	f.seen = info
	return nil
}

// parse reads the lines of a file into a map from Canonical name to number. Errors name file and line, and never
// hold a number.
func parse(path string, data []byte) (map[string]string, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace = '#', -1, true
	numbers := make(map[string]string)
	for first := true; ; first = false {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return numbers, nil
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, fmt.Errorf("%s:%d: %w; expected a line like: alice,+15005550006", path, broken.Line,
				broken.Err)
		}
		if err != nil {
			return nil, fmt.Errorf("reading directory: %w", err)
		}
		line, _ := r.FieldPos(0)
		if first && isHeader(fields) {
			continue
		}
		if err := addLine(numbers, fields); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
	}
}

func isHeader(fields []string) bool {
	return len(fields) == 2 && strings.EqualFold(strings.TrimSpace(fields[0]), "user") &&
		strings.EqualFold(strings.TrimSpace(fields[1]), "phone")
}

// addLine adds the user and the number of one line.
func addLine(numbers map[string]string, fields []string) error {
	if len(fields) != 2 {
		return fmt.Errorf("%d fields; expected a line like: alice,+15005550006", len(fields))
	}
	name, number := Canonical(fields[0]), strings.TrimSpace(fields[1])
	switch {
	case name == "":
		return errors.New("the user is empty or has control characters")
	case number == "":
		return errors.New("the phone number is empty")
	case numbers[name] != "":
		return errors.New("the user stands twice, perhaps in another spelling")
	}
	numbers[name] = number
	return nil
}
