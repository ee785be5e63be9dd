package boltstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/caddy-sms-2fa/gateway/store"
)

// lockTimeout is how long opening the file waits for another process to close it.
const lockTimeout = 500 * time.Millisecond

// remedy is what an operator can do about a damaged file.
const remedy = "stop Caddy, and put back a copy of the file or remove it; without it all verifications end, " +
	"and counters and blocks begin anew"

// file is the open file of a store.
type file struct {
	db      *bbolt.DB
	os      *os.File      // the same file as bbolt has it open
	size    atomic.Int64  // in bytes; it only grows
	writing chan struct{} // holds one element while a write is under way
	broken  atomic.Bool   // bbolt's own locks may be held for good: no transaction may begin
}

// openFile opens the file at path, and makes it first if there is none. Whatever goes wrong, the lock on the file is
// given back.
func openFile(path string) (f *file, err error) {
	if err := makeFile(path); err != nil {
		return nil, fmt.Errorf("making store: %w: %w", store.ErrUnavailable, err)
	}
	f = &file{writing: make(chan struct{}, 1)}
	err = guard(func() error { return f.open(path) })
	if err != nil && f.os != nil {
		f.release()
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%w: %s is in use by another process; one running Caddy at a time can use it",
			store.ErrUnavailable, path)
	}
	if errors.Is(err, errDamaged) {
		return nil, fmt.Errorf("opening %s: %w; %s", path, err, remedy)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w: %w", path, store.ErrUnavailable, err)
	}
	return f, nil
}

func (f *file) open(path string) (err error) {
	f.db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, OpenFile: f.openChecked,
	})
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return errors.Join(err, f.db.Close())
	}
	if f.db.View(findBuckets) != nil {
		if err := f.db.Update(makeBuckets); err != nil {
			return errors.Join(err, f.db.Close())
		}
	}
	_, err = f.whole()
	return err
}

// openChecked opens the file for bbolt, and refuses a file that is shorter than it says of itself: bbolt maps the file
// into memory, and reading past its end there would be the end of the process.
func (f *file) openChecked(path string, flag int, mode os.FileMode) (*os.File, error) {
	opened, err := os.OpenFile(path, flag&^os.O_CREATE, mode)
	if err != nil {
		return nil, err
	}
	f.os = opened
	return opened, checkSize(opened)
}

// whole reports whether the file has not become shorter since it was looked at last.
func (f *file) whole() (bool, error) {
	old := f.size.Load() // first, because the file may grow, and another call notice, before this one has looked
	info, err := f.os.Stat()
	if err != nil {
		return false, err
	}
	if info.Size() < old {
		return false, nil
	}
	for info.Size() > old && !f.size.CompareAndSwap(old, info.Size()) {
		old = f.size.Load()
	}
	return true, nil
}

// close closes the file when the transactions under way have ended.
func (f *file) close() error { return guard(f.db.Close) }

// abandon gives back the lock of a damaged file, so that it can be opened anew, and then all that bbolt still can give
// back: a transaction that ended in the middle may hold bbolt's own locks for good.
func (f *file) abandon() {
	f.writing <- struct{}{} // a write under way may be about to sync the file
	f.release()
	<-f.writing
	_ = f.close()
}

// release gives back the lock of the file, and closes it, past bbolt.
func (f *file) release() {
	unlock(f.os)
	f.os.Close()
}

// makeFile makes an empty store if there is no file at path. It appears there as a whole: a file of no length is
// always one that was cut off.
func makeFile(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	if err := temporary.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(temporary.Name(), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(makeBuckets), db.Close()); err != nil {
		return err
	}
	err = os.Link(temporary.Name(), path) // unlike a rename, a link takes no other process's store away
	if err != nil && !errors.Is(err, os.ErrExist) {
		err = os.Rename(temporary.Name(), path) // where the file system knows no links
	}
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

// findBuckets fails when a bucket is missing.
func findBuckets(tx *bbolt.Tx) error {
	for _, name := range buckets {
		if tx.Bucket(name) == nil {
			return bolterrors.ErrBucketNotFound
		}
	}
	return nil
}

func makeBuckets(tx *bbolt.Tx) error {
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return nil
}
