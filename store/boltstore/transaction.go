package boltstore

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/caddy-sms-2fa/gateway/store"
)

var (
	// errUnchanged ends a write that has nothing to write, before it costs a sync. It is not a fault.
	errUnchanged = errors.New("nothing to write")

	// errDamaged is what a value that is not ours, or a broken file, is.
	errDamaged = fmt.Errorf("%w: its file is damaged", store.ErrRefused)

	errClosed = fmt.Errorf("%w: it was closed", store.ErrUnavailable)
)

// read runs a read.
func (s *Store) read(ctx context.Context, doing string, f func(tx *bbolt.Tx) error) error {
	db, err := s.open(ctx)
	if err == nil {
		err = guard(func() error { return db.View(f) })
	}
	return failed(doing, err)
}

// write runs a write. Who waits can give up, for his turn or for the disk; a write that has begun then still ends, unseen.
// After an error, what f wrote down elsewhere must not be read: it may still be running.
func (s *Store) write(ctx context.Context, doing string, f func(tx *bbolt.Tx) error) error {
	db, err := s.open(ctx)
	if err != nil {
		return failed(doing, err)
	}
	select {
	case s.writing <- struct{}{}:
	case <-ctx.Done():
		return failed(doing, gaveUp(ctx))
	}
	written := make(chan error, 1)
	go func() {
		defer func() { <-s.writing }()
		written <- guard(func() error { return db.Update(f) })
	}()
	select {
	case err := <-written:
		return failed(doing, err)
	case <-ctx.Done():
		return failed(doing, gaveUp(ctx))
	}
}

// guard makes an error of a panic, which is how bbolt reports a broken file: the sites that do not use the store must go
// on. The transaction has been rolled back by then.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errDamaged, p)
		}
	}()
	return f()
}

// failed sorts a fault into the two kinds of the contract. Only a full or read-only disk surely wrote nothing.
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

func gaveUp(ctx context.Context) error { return fmt.Errorf("%w: %w", store.ErrUnavailable, ctx.Err()) }
