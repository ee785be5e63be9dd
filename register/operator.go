package register

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Put enters a number as an operator knows it, beside other numbers of the user. Of a number that is in the register
// already, the earlier First and the later Last are kept, and the way by which it came; so entering the same again
// changes nothing. Outcomes: Done, Unchanged, Taken.
func (r *Register) Put(ctx context.Context, user string, n Number, shared bool) (Outcome, error) {
	return r.change(ctx, user, shared, func(current []Number, _ time.Time) ([]Number, Outcome) {
		next := slices.Clone(current)
		i := indexOf(next, n.Phone)
		if i < 0 {
			return append(next, n), Done
		}
		next[i] = n.merged(next[i])
		return next, Done
	})
}

// merged is what both know of the number.
func (n Number) merged(known Number) Number {
	if !n.First.IsZero() && (known.First.IsZero() || n.First.Before(known.First)) {
		known.First = n.First
	}
	if n.Last.After(known.Last) {
		known.Last = n.Last
	}
	return known
}

// Set enters a number in the place of all numbers of the user. Of a number that is the user's already, what is known
// is kept. Outcomes: Done, Unchanged, Taken.
func (r *Register) Set(ctx context.Context, user string, n Number, shared bool) (Outcome, error) {
	return r.change(ctx, user, shared, func(current []Number, _ time.Time) ([]Number, Outcome) {
		if i := indexOf(current, n.Phone); i >= 0 {
			return []Number{n.merged(current[i])}, Done
		}
		return []Number{n}, Done
	})
}

// Remove removes a user with all numbers, and leaves nothing behind. Outcomes: Done, Missing. After an error Remove is
// to be called again: the user may have no number any more while records are left.
func (r *Register) Remove(ctx context.Context, user string) (Outcome, error) {
	if err := r.Uninvite(ctx, user); err != nil {
		return "", fmt.Errorf("removing invitation: %w", err)
	}
	return r.change(ctx, user, false, func(current []Number, _ time.Time) ([]Number, Outcome) {
		if len(current) == 0 {
			return nil, Missing
		}
		return nil, Done
	})
}
