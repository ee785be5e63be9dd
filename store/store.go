// Package store is the contract between the gateway and what keeps its records.
//
// A store knows nothing of codes, accounts or phones. It keeps small opaque records that expire, counts uses against
// limits, and keeps one log of revocations that every gateway follows. The packages below it, boltstore and redisstore,
// pass the same conformance suite, storetest, and so must any other.
package store

import (
	"context"
	"errors"
	"time"
)

// Errors that every store wraps, so that a caller can tell them apart without knowing the store.
var (
	// ErrUnavailable says that the store could not be reached or did not answer in time. Whether a write happened is
	// not known. The caller treats it as "no".
	ErrUnavailable = errors.New("store is not available")

	// ErrRefused says that the store answered and would not do it: out of memory, read-only, wrong password. Nothing
	// was written.
	ErrRefused = errors.New("store refused")

	// ErrContended says that other writers won every try that Change had time for. Nothing was written.
	ErrContended = errors.New("record is contended")
)

// Store keeps the state of one or more gateways. All methods may be called at once from many goroutines and, where the
// store can be shared, from many processes. Every error wraps ErrUnavailable or ErrRefused, or is ctx's error. A call
// returns soon after its context ends.
type Store interface {
	// Get reads the record under key, with the store's own clock. A record that does not exist, or has expired, has a
	// nil Data and is not an error.
	Get(ctx context.Context, key string) (Record, error)

	// Swap replaces old by next under key, atomically: if the record is not old any more, byte by byte, nothing is
	// written and Swap reports false. A nil old means "there is no record". The new record is forgotten at expires,
	// which is on the store's clock; one that has passed already removes the record, as a nil next does.
	Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error)

	// Take notes one use, named id, under key, if every limit allows one more, and reports zero. Otherwise it notes
	// nothing and reports how long to wait for the first moment at which all of them would. Taking the same id again
	// while it is noted changes nothing and reports zero. The windows slide, on the store's clock; a key with no use
	// inside its longest window is forgotten.
	Take(ctx context.Context, key, id string, limits []Limit) (wait time.Duration, err error)

	// Give takes back the use named id, if it is still noted.
	Give(ctx context.Context, key, id string) error

	// Append adds an entry to the log. The store may forget it after until; it must keep it before.
	Append(ctx context.Context, entry []byte, until time.Time) error

	// Follow reads the entries after cursor, in the order in which they were appended, or waits up to wait for the
	// first one. The empty cursor stands before the first entry. With no news it returns the cursor it was given, no
	// entries and no error. Entries that were appended by any gateway arrive within 50 ms.
	Follow(ctx context.Context, cursor string, wait time.Duration) (entries [][]byte, next string, err error)

	// Close lets go of files and connections. Calls after it fail.
	Close() error
}

// Record is what Get found.
type Record struct {
	Data []byte    // nil when there is none
	Now  time.Time // the store's clock at the moment of reading
}

// Limit allows Max uses in any window of length Per.
type Limit struct {
	Max int
	Per time.Duration
}
