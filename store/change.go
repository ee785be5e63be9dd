package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Step computes the record that is to replace old, and when it expires. A step must have no effect but its result,
// because Change calls it once more, with the newer record, each time another writer was faster. If next equals
// old.Data, nothing is written. An error ends Change, which returns it.
type Step func(old Record) (next []byte, expires time.Time, err error)

// backoff bounds the pause before another try: long enough for the faster writer to finish, and not noticed by a
// visitor.
const backoff = 4 * time.Millisecond

// Change replaces the record under key by the result of step, atomically, and returns the record as it then stands.
// When other writers are faster, Change tries again until ctx ends, and then returns ErrContended. known, when it is
// not nil, is the record as the caller last saw it: the first try starts from known and saves a read.
func Change(ctx context.Context, s Store, key string, known *Record, step Step) (Record, error) {
	for tries := 0; ; tries++ {
		old, err := current(ctx, s, key, known)
		if err != nil {
			return Record{}, err
		}
		known = nil
		next, expires, err := step(old)
		if err != nil {
			return Record{}, err
		}
		if bytes.Equal(next, old.Data) {
			return old, nil
		}
		swapped, err := s.Swap(ctx, key, old.Data, next, expires)
		if err != nil {
			return Record{}, err
		}
		if swapped {
			return Record{Data: next, Now: old.Now}, nil
		}
		if err := pause(ctx, tries); err != nil {
			return Record{}, err
		}
	}
}

// current is the record that a caller knows, or else the record in the store.
func current(ctx context.Context, s Store, key string, known *Record) (Record, error) {
	if known != nil {
		return *known, nil
	}
	return s.Get(ctx, key)
}

// pause waits for a random time, so that two writers that collided do not collide at every try.
func pause(ctx context.Context, tries int) error {
	limit := backoff * time.Duration(1+min(tries, 8)) / 4
	select {
	case <-ctx.Done():
		return fmt.Errorf("changing record after %d tries: %w: %w", tries+1, ErrContended, ctx.Err())
	case <-time.After(rand.N(limit)):
		return nil
	}
}
