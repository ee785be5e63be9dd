package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	checkEvery = time.Second     // the least time between two looks at whether the file has changed
	settle     = time.Second     // how long a change must have rested before it is read
	patience   = time.Second / 5 // how long a lookup waits for a look at the file that it has begun
	openWait   = 5 * time.Second // how long the first reading may take, and after which a later one is reported
	openTries  = 20              // readings of a file that is being written, 50 ms apart, before OpenFile gives up
)

// File is a directory in a CSV file of lines "user,phone"; semicolons and tabs separate as well. A first line like
// "user,phone" is taken for a header, and lines that begin with # for comments. A file whose name ends in ".json" is
// JSON (see file_json.go).
//
// The file is read again when it has changed and the change has rested for a second. New contents are used only as a
// whole and only if they look like what somebody meant: a file that cannot be read, that has no users any more, fewer
// than half of at least ten, or no line end behind its last line where it had one, or of whose numbers most are none
// (see Review), is reported once, and the numbers known before stay in use. Opened anew, the file is believed.
//
// The file is read in the background. A lookup waits for that a fifth of a second at most, so that no request hangs on
// a mount that does.
type File struct {
	path   string
	now    func() time.Time
	report func(error)

	table   atomic.Pointer[table]
	checked atomic.Int64 // when a look last began, milliseconds since 1970
	looking atomic.Bool  // a look is under way

	mu       sync.Mutex
	seen     sighting
	reported string // the fault that was reported last, "" after good contents
	reviews  []review
}

var (
	_ Reviewed  = (*File)(nil)
	_ AtHand    = (*File)(nil)
	_ Immediate = (*File)(nil)
)

// OpenFile reads the file at path. It fails if the file cannot be read within five seconds, if there is nothing in it,
// or if it has a line that is none. A file with a header or a comment and no users is one that will get some. now is
// the clock. report is called with the fault when later contents are not used.
func OpenFile(path string, now func() time.Time, report func(error)) (*File, error) {
	f := &File{path: path, now: now, report: report}
	opened := make(chan error, 1)
	go func() { opened <- f.open() }()
	select {
	case err := <-opened:
		return f, err
	case <-time.After(openWait):
		return nil, fmt.Errorf("opening directory: %s does not answer within %v", path, openWait)
	}
}

func (f *File) open() error {
	s, err := readSource(f.path)
	for range openTries {
		if !errors.Is(err, errChanging) {
			break
		}
		time.Sleep(50 * time.Millisecond)
		s, err = readSource(f.path)
	}
	if err != nil {
		return err
	}
	t, err := parse(f.path, s.data)
	if err != nil {
		return err
	}
	if t.bare {
		return fmt.Errorf("%s is empty; %s, or the line \"user,phone\" alone if there are no users yet", f.path, expected)
	}
	f.table.Store(t)
	f.checked.Store(f.now().UnixMilli())
	f.remember(s, nil)
	return nil
}

// Lookup finds numbers. It returns no error: while the file cannot be read, the numbers known before are used.
func (f *File) Lookup(ctx context.Context, p Person) (Numbers, error) {
	f.refresh(ctx)
	if numbers, ok := f.AtHand(p.Name); ok {
		return strings.Split(numbers, between), nil
	}
	return nil, nil
}

// Immediate says that a File asks nobody: a lookup waits for a file of this machine at most, and not for long.
func (*File) Immediate() {}

// AtHand finds numbers among those read last. It does not look at the file, which Watch does.
func (f *File) AtHand(user string) (string, bool) {
	numbers, ok := f.table.Load().numbers[user]
	return numbers, ok
}

// Review judges the numbers of the file, now and when it has been read again. A region is reviewed once, for the first
// gate that asks.
func (f *File) Review(region string, warn func(error)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.reviews {
		if r.region == region {
			return nil
		}
	}
	r := review{region, warn}
	if err := r.of(f.path, f.table.Load()); err != nil {
		return err
	}
	f.reviews = append(f.reviews, r)
	return nil
}

// Watch looks at the file once a second until ctx ends, so that a change is noticed, and a fault reported, though
// nobody looks a number up.
func (f *File) Watch(ctx context.Context) {
	for tick := time.NewTicker(checkEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			f.checked.Store(f.now().UnixMilli())
			f.begin()
		}
	}
}

// refresh begins a look at the file and waits a little for its end. Of the lookups within checkEvery, one does that.
func (f *File) refresh(ctx context.Context) {
	last, now := f.checked.Load(), f.now().UnixMilli()
	if now-last < checkEvery.Milliseconds() && now >= last || !f.checked.CompareAndSwap(last, now) {
		return
	}
	select {
	case <-f.begin():
	case <-ctx.Done():
	case <-time.After(patience):
	}
}

// begin begins a look at the file in the background, unless one is under way, and returns a channel that is closed at
// its end.
func (f *File) begin() <-chan struct{} {
	done := make(chan struct{})
	if !f.looking.CompareAndSwap(false, true) {
		close(done)
		return done
	}
	late := time.AfterFunc(openWait, func() {
		f.judged(fmt.Errorf("reading directory: %s does not answer within %v", f.path, openWait))
	})
	go func() {
		defer close(done)
		defer f.looking.Store(false)
		defer late.Stop()
		f.look()
	}()
	return done
}
