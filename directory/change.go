package directory

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
)

// fewUsers is a number of users below which more than half of them may go at once.
const fewUsers = 10

// sighting is the contents that were looked at last.
type sighting struct {
	info  os.FileInfo // nil if the file was changed a moment before
	sum   [sha256.Size]byte
	fault error // why they are not used
}

// look reads the file if it has changed and the change has rested.
func (f *File) look() {
	info, err := statSource(f.path)
	if err != nil {
		f.judged(err)
		return
	}
	if fault, known := f.known(info); known {
		f.judged(fault)
		return
	}
	if fresh(info, f.now()) {
		return
	}
	s, err := readSource(f.path)
	switch {
	case errors.Is(err, errChanging):
	case err != nil:
		f.judged(err)
	default:
		f.judged(f.consider(s))
	}
}

// consider uses contents, unless they cannot be read or look like a mistake, and says why they do.
func (f *File) consider(s source) error {
	f.mu.Lock()
	again, fault := f.seen.sum == sha256.Sum256(s.data), f.seen.fault
	f.mu.Unlock()
	if !again {
		var t *table
		if t, fault = parse(f.path, s.data); fault == nil {
			fault = f.use(t)
		}
	}
	f.remember(s, fault)
	return fault
}

// use takes new contents, unless they look like a mistake.
func (f *File) use(t *table) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.table.Load().follows(f.path, t); err != nil {
		return err
	}
	for _, r := range f.reviews {
		if err := r.of(f.path, t); err != nil {
			return err
		}
	}
	f.table.Store(t)
	return nil
}

// follows says what new contents look like if not like a change that somebody meant.
func (t *table) follows(path string, next *table) error {
	const meant = "if that is meant, reload the configuration with --force"
	before, after := len(t.users), len(next.users)
	switch {
	case before > 0 && after == 0:
		return fmt.Errorf("%s has no users any more, and had %d; %s", path, before, meant)
	case next.cut && !t.cut:
		return fmt.Errorf("%s seems to be cut off, because its last line has no line end; %s", path, meant)
	case before >= fewUsers && after*2 < before:
		return fmt.Errorf("%s has %d users, less than half of the %d before; %s", path, after, before, meant)
	}
	return nil
}

// known reports whether the file is the one that was looked at last, and why that one is not used.
func (f *File) known(info os.FileInfo) (fault error, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen.fault, f.seen.info != nil && same(f.seen.info, info)
}

// remember notes which contents were looked at. A file that was changed a moment ago is looked at once more.
func (f *File) remember(s source, fault error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = sighting{info: s.info, sum: sha256.Sum256(s.data), fault: fault}
	if fresh(s.info, f.now()) {
		f.seen.info = nil
	}
}

// judged reports a fault, unless it is the fault that was reported last; nil ends a fault.
func (f *File) judged(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.reported = ""
		return
	}
	if f.reported != err.Error() {
		f.reported = err.Error()
		f.report(err)
	}
}
