package boltstore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/caddy-sms-2fa/gateway/store"
)

var (
	// errUnchanged ends a transaction that has nothing to write, so that it costs no sync. It is not a fault.
	errUnchanged = errors.New("nothing to write")

	// errDamaged says that a value is not in the form in which this package writes values, or that the file is broken.
	errDamaged = fmt.Errorf("%w: its file is damaged", store.ErrRefused)

	// errBroken says that the file is broken, so that nothing in it can be trusted.
	errBroken = fmt.Errorf("%w", errDamaged)

	// errClosed says that the store was used after Close.
	errClosed = fmt.Errorf("%w: it was closed", store.ErrUnavailable)
)

// read runs f in a transaction that only reads. doing says in errors what the store was doing.
func (s *Store) read(ctx context.Context, doing string, f func(tx *bbolt.Tx) error) error {
	file, err := s.open(ctx)
	if err == nil {
		err = s.run(file, file.db.View, f)
	}
	return failed(doing, err)
}

// write runs f in a transaction that writes, one transaction at a time. When ctx ends, write returns, whether it
// still waits for its turn or already for the disk; a transaction that has begun goes on in the background, and its
// result is dropped. So after an error the caller must not read variables that f sets: f may still be running.
func (s *Store) write(ctx context.Context, doing string, f func(tx *bbolt.Tx) error) error {
	file, err := s.open(ctx)
	if err != nil {
		return failed(doing, err)
	}
	select {
	case file.writing <- struct{}{}:
	case <-ctx.Done():
		return failed(doing, gaveUp(ctx))
	}
	written := make(chan error, 1)
	go func() {
		defer func() { <-file.writing }()
		written <- s.run(file, file.db.Update, f)
	}()
	select {
	case err := <-written:
		return failed(doing, err)
	case <-ctx.Done():
		return failed(doing, gaveUp(ctx))
	}
}

// run runs f in a transaction of a kind. A file that turns out to be broken is dropped.
func (s *Store) run(file *file, kind func(func(*bbolt.Tx) error) error, f func(*bbolt.Tx) error) error {
	err := file.run(func() error { return kind(f) })
	if errors.Is(err, errBroken) {
		s.drop(file)
	}
	return err
}

// run runs a transaction, unless the file has been cut off.
func (f *file) run(transaction func() error) error {
	whole, err := f.whole()
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	case !whole:
		return fmt.Errorf("%w: it was cut off while it was in use", errBroken)
	case f.broken.Load():
		return fmt.Errorf("%w: another call has found out", errBroken)
	}
	err = guard(transaction)
	if errors.Is(err, errBroken) {
		f.broken.Store(true)
	}
	return err
}

// guard turns a panic of f into an error. bbolt panics when the file is broken, and reading memory behind which there
// is no file any more is a fault that would end the process; but the sites of the same Caddy that do not use the store
// must go on.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errBroken, p)
		}
	}()
	return f()
}

// failed makes ErrUnavailable or ErrRefused of a fault. A fault is ErrRefused only where it is sure that nothing was
// written: a disk that is full or read-only, or a key or value that bbolt does not take.
func failed(doing string, err error) error {
	switch {
	case err == nil, errors.Is(err, errUnchanged):
		return nil
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrRefused):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EROFS), errors.Is(err, bolterrors.ErrKeyRequired),
		errors.Is(err, bolterrors.ErrKeyTooLarge), errors.Is(err, bolterrors.ErrValueTooLarge):
		return fmt.Errorf("%s: %w: %w", doing, store.ErrRefused, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, store.ErrUnavailable, err)
}

// gaveUp is the error of a call whose context has ended.
func gaveUp(ctx context.Context) error { return fmt.Errorf("%w: %w", store.ErrUnavailable, ctx.Err()) }
