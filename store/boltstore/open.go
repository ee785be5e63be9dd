package boltstore

import (
	"context"
	"errors"
	"os"
)

// The buckets of the file.
var (
	recordBucket = []byte("records") // key -> record
	limitBucket  = []byte("limits")  // key of the limit and name of the use, see useKey -> when the use was
	logBucket    = []byte("log")     // sequence number -> entry

	buckets = [][]byte{recordBucket, limitBucket, logBucket}
)

// opening is one try to open the file. All calls that arrive while the try is under way share its result, so that no
// call waits longer than one try takes when another process has the file open.
type opening struct {
	done chan struct{}
	file *file
	err  error
}

// open returns the file, and opens it first if need be.
func (s *Store) open(ctx context.Context) (*file, error) {
	if err := ctx.Err(); err != nil {
		return nil, gaveUp(ctx)
	}
	f, try, err := s.opened()
	if f != nil || err != nil {
		return f, err
	}
	select {
	case <-try.done:
		return try.file, try.err
	case <-ctx.Done():
		return nil, gaveUp(ctx)
	}
}

// opened returns the file if it is open, or else the try to open it that is under way, and begins one if there is
// none.
func (s *Store) opened() (*file, *opening, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, errClosed
	}
	if s.file != nil {
		return s.file, nil, nil
	}
	if s.opening == nil {
		try := &opening{done: make(chan struct{})}
		s.opening = try
		s.background.Go(func() { s.try(try) })
	}
	return nil, s.opening, nil
}

// try opens the file, and starts the janitor when that succeeds for the first time.
func (s *Store) try(o *opening) {
	defer close(o.done)
	o.file, o.err = s.refused.open(s.path)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opening = nil
	if o.err == nil {
		s.file = o.file
		s.janitor.Do(func() { s.background.Go(s.sweepRegularly) })
	}
}

// drop gives up a file that has turned out to be damaged. The next call tries to open the file anew.
func (s *Store) drop(f *file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == f {
		s.file = nil
		go f.abandon()
	}
}

// refused remembers the file that was found damaged last. It is not looked at again before it has changed: looking
// takes time, and each time that bbolt stumbles over it costs memory that is never given back.
type refused struct {
	info os.FileInfo
	err  error
}

func (r *refused) open(path string) (*file, error) {
	info, err := os.Stat(path)
	if err == nil && r.info != nil && os.SameFile(r.info, info) && r.info.Size() == info.Size() &&
		r.info.ModTime().Equal(info.ModTime()) {
		return nil, r.err
	}
	f, err := openFile(path)
	r.info = nil
	if errors.Is(err, errDamaged) {
		r.info, r.err = info, err
	}
	return f, err
}
