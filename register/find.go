package register

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// Find finds the entry of a user, in one read of the store where no writer has stopped in between. found is false when
// the user has no number.
func (r *Register) Find(ctx context.Context, user string) (e Entry, found bool, err error) {
	u, err := r.readUser(ctx, user)
	if err != nil {
		return Entry{}, false, err
	}
	e, err = r.entry(ctx, u)
	if err != nil {
		return Entry{}, false, err
	}
	if !u.atRest() && (u.claim == nil || u.now.Sub(u.claim.at) >= claimLife) {
		_, _ = r.complete(ctx, u) // if that fails, the next one who looks does it
	}
	return e, len(e.Numbers) > 0, nil
}

// entry is the entry that a user's record stands for. Of a number that was announced, the number's record decides.
func (r *Register) entry(ctx context.Context, u userRecord) (Entry, error) {
	e := Entry{User: u.name, Numbers: u.numbers}
	if u.claim == nil {
		return e, nil
	}
	held, err := r.holds(ctx, u)
	if err != nil {
		return Entry{}, err
	}
	if held {
		e.Numbers = u.claimed()
	}
	return e, nil
}

// Owners are the users to whom a number belongs: none or one, unless numbers may be shared.
func (r *Register) Owners(ctx context.Context, number phone.Number) ([]string, error) {
	n, err := r.readNumber(ctx, number)
	if err != nil {
		return nil, err
	}
	return r.owners(ctx, number, n.owners)
}

// All walks through all entries, in no order, and reads them from the store in portions. An entry that is in the
// register from the beginning to the end of the walk comes at least once; Redis may tell an entry twice while it
// reorganizes its memory. An error ends the walk.
func (r *Register) All(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for cursor := ""; ; {
			entries, next, err := r.portion(ctx, cursor)
			if err != nil {
				yield(Entry{}, fmt.Errorf("walking through register: %w", err))
				return
			}
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			cursor = next
		}
	}
}

// portion reads the next entries behind a cursor of the store.
func (r *Register) portion(ctx context.Context, cursor string) (entries []Entry, next string, err error) {
	records, next, err := r.store.Scan(ctx, userPrefix, cursor)
	if err != nil {
		return nil, "", err
	}
	for _, rec := range records {
		u, err := r.decodeUser(rec.Key, rec.Data, time.Time{})
		if err != nil {
			return nil, "", err
		}
		e, err := r.entry(ctx, u)
		if err != nil {
			return nil, "", err
		}
		if len(e.Numbers) > 0 {
			entries = append(entries, e)
		}
	}
	return entries, next, nil
}
