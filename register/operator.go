package register

import (
	"context"
	"errors"
	"iter"
)

// Put enters a number as an operator knows it, with its times, beside other numbers of the user. Entering the same
// again changes nothing. Outcomes: Done, Unchanged, Taken.
func (r *Register) Put(ctx context.Context, user string, n Number, shared bool) (Outcome, error) {
	return "", errors.New("not yet")
}

// Set enters a number in the place of all numbers of the user. Outcomes: Done, Unchanged, Taken.
func (r *Register) Set(ctx context.Context, user string, n Number, shared bool) (Outcome, error) {
	return "", errors.New("not yet")
}

// Remove removes a user with all numbers, and leaves nothing behind. Outcomes: Done, Missing. After an error Remove is
// to be called again: the user may have no number any more while records are left.
func (r *Register) Remove(ctx context.Context, user string) (Outcome, error) {
	return "", errors.New("not yet")
}

// All walks through all entries, in no order, and reads them from the store in portions. An entry that is in the register
// from the beginning to the end of the walk comes at least once; Redis may tell an entry twice while it reorganizes
// its memory. An error ends the walk.
func (r *Register) All(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) { yield(Entry{}, errors.New("not yet")) }
}
