package store

import (
	"context"
	"errors"
	"time"
)

// Errors that every store wraps, so that a caller can tell them apart without knowing the store.
var (
	// ErrUnavailable says that the store could not be reached or did not answer in time. Whether a write happened is
	// not known. The caller treats the error as "no".
	ErrUnavailable = errors.New("store is not available")

	// ErrRefused says that the store answered and refused the call: out of memory, read-only, wrong password, damaged.
	// Nothing was written.
	ErrRefused = errors.New("store refused")

	// ErrContended says that other writers were faster at every try that Change had time for. Nothing was written.
	ErrContended = errors.New("record is contended")
)

// Store keeps the state of one or more gateways. All methods may be called at once from many goroutines and, where the
// store can be shared, from many processes. Every error wraps ErrUnavailable or ErrRefused, and the error of ctx when
// ctx has ended. A call returns soon after its context ends.
type Store interface {
	// Get reads the record under key, and the store's own clock at that moment. That there is no record, or only one
	// that has expired, is not an error: Data is nil then.
	Get(ctx context.Context, key string) (Record, error)

	// Swap replaces the record old under key by next, atomically: if the record in the store is not old any more,
	// byte by byte, nothing is written and Swap reports false. A nil old means "there is no record". The new record
	// is forgotten at expires, a time on the store's clock; if that time has passed, or next is nil, the record is
	// removed. With a zero expires (time.Time.IsZero) it is kept without end.
	Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error)

	// Scan reads records whose keys begin with prefix, in no order, and returns the cursor behind them: a name for the
	// next call. The empty cursor stands before the first record, and is returned behind the last one. One call
	// returns about MaxPortion records at the most, perhaps none, and takes a bounded time however much the store holds.
	// A record that is there from the first call to the last one is returned at least once, and seldom twice; of one
	// that is written or removed meanwhile, nothing is promised. Where a store cannot keep that promise, because its
	// servers have changed since the cursor was returned, Scan fails, and the caller begins again.
	Scan(ctx context.Context, prefix, cursor string) (records []Named, next string, err error)

	// Take notes a use with the name id under key, if every limit allows one more use, and returns zero. Otherwise it
	// notes nothing and returns how long the caller has to wait until every limit allows one more. A use that is noted
	// already stays as it is, and Take returns zero. The windows slide, on the store's clock; a use that lies in the
	// future, because that clock was ahead, is moved to now. A use is remembered for the longest window that any call
	// named for this key.
	Take(ctx context.Context, key, id string, limits []Limit) (wait time.Duration, err error)

	// Give removes the use with the name id under key, so that it does not count any more. If there is none, Give does
	// nothing.
	Give(ctx context.Context, key, id string) error

	// Clear removes all uses under key, so that none of them counts any more.
	Clear(ctx context.Context, key string) error

	// Append adds an entry to the end of the log, and returns its position: a name for Holds and for a later Append.
	// The store keeps the entry until the time until, on the store's clock, and forgets it afterwards, wherever in the
	// log it stands: an entry that is kept for long does not keep its neighbours. The entries at the positions
	// replaced are removed, atomically; a position at which nothing stands any more does no harm.
	Append(ctx context.Context, entry []byte, until time.Time, replaced ...string) (position string, err error)

	// Holds reports whether the entry at a position is still in the log.
	Holds(ctx context.Context, position string) (bool, error)

	// Follow reads the entries of the log behind cursor, in the order in which they were appended, and returns the
	// cursor behind the last of them. If there is none, it waits up to wait for the first; if none comes, it returns
	// the cursor it was given, no entries and no error. The empty cursor stands before the first entry. One call
	// returns at most MaxPortion entries, so that it takes a bounded time however long the log is; the caller calls
	// again. An entry that any gateway appends reaches a waiting caller within 50 ms.
	Follow(ctx context.Context, cursor string, wait time.Duration) (entries [][]byte, next string, err error)

	// Close closes files and connections, and ends calls of Follow that wait. Later calls fail with ErrUnavailable.
	Close() error
}

// MaxPortion is how many entries of the log one call of Follow returns at most, and about how many records one call of
// Scan returns.
const MaxPortion = 1000

// Record is a record as it was read.
type Record struct {
	Data []byte    // nil when there is no record
	Now  time.Time // the store's clock at the moment of reading
}

// Named is a record that Scan has found.
type Named struct {
	Key  string
	Data []byte
}

// Limit allows Max uses in any window of length Per.
type Limit struct {
	Max int
	Per time.Duration
}
