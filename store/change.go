package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Step computes the record that follows old. It must have no effect but its result: Change calls it again with a newer
// record whenever another writer was faster. Returning old.Data unchanged writes nothing; an error ends Change.
type Step func(old Record) (next []byte, expires time.Time, err error)

// backoff bounds the pause before another try: long enough for the faster writer to be done, short for a human.
const backoff = 4 * time.Millisecond

// Change replaces the record under key by what step makes of it, atomically, and returns the record as it then stands.
// It tries again for as long as ctx allows. known, when it is not nil, is the record as the caller last saw it; the
// first try starts from it and saves a read.
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

func current(ctx context.Context, s Store, key string, known *Record) (Record, error) {
	if known != nil {
		return *known, nil
	}
	return s.Get(ctx, key)
}

// pause waits a random while, so that writers who collided do not collide again in step.
func pause(ctx context.Context, tries int) error {
	limit := backoff * time.Duration(1+min(tries, 8)) / 4
	select {
	case <-ctx.Done():
		return fmt.Errorf("changing record after %d tries: %w: %w", tries+1, ErrContended, ctx.Err())
	case <-time.After(rand.N(limit)):
		return nil
	}
}
