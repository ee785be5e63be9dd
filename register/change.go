package register

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/store"
)

// plan decides what the numbers of a user are to be, given what they are and the store's clock. An outcome other than
// Done ends the change, and nothing is written. A plan adds one number at most, and has no effect but its result: it
// is asked again each time another writer was faster.
type plan func(current []Number, now time.Time) (next []Number, o Outcome)

// backoff bounds the pause before another try.
const backoff = 4 * time.Millisecond

// change changes the numbers of a user as planned. When other writers are faster, it begins again until ctx ends. The
// outcome is that of the plan, Unchanged when the plan changes nothing, or Taken.
func (r *Register) change(ctx context.Context, user string, shared bool, p plan) (Outcome, error) {
	if user == "" {
		return "", fmt.Errorf("%w: the user has no name", ErrEntry)
	}
	for tries := 0; ; tries++ {
		o, err := r.try(ctx, user, shared, p)
		if err != nil || o != again {
			return o, err
		}
		if err := pause(ctx, tries); err != nil {
			return "", err
		}
	}
}

// again is the outcome of a step that another writer has overtaken: the caller reads anew.
const again Outcome = "again"

// pause waits for a random time, so that two writers that collided do not collide at every try.
func pause(ctx context.Context, tries int) error {
	limit := backoff * time.Duration(1+min(tries, 8)) / 2
	select {
	case <-ctx.Done():
		return fmt.Errorf("changing register after %d tries: %w: %w", tries+1, store.ErrContended, ctx.Err())
	case <-time.After(rand.N(limit)):
		return nil
	}
}

func (r *Register) try(ctx context.Context, user string, shared bool, p plan) (Outcome, error) {
	u, err := r.readUser(ctx, user)
	if err != nil {
		return "", err
	}
	if !u.atRest() {
		_, err := r.complete(ctx, u)
		return again, err
	}
	next, o := p(u.numbers, u.now)
	if o != Done {
		return o, nil
	}
	if slices.Equal(next, u.numbers) {
		return Unchanged, nil
	}
	leaving := left(u.numbers, next)
	for _, n := range next {
		if !has(u.numbers, n.Phone) {
			return r.claim(ctx, u, claim{n, leaving, u.now}, next, shared)
		}
	}
	return r.settle(ctx, u, next, leaving)
}

// left are the numbers that are in old and not in next.
func left(old, next []Number) []phone.Number {
	var leaving []phone.Number
	for _, n := range old {
		if !has(next, n.Phone) {
			leaving = append(leaving, n.Phone)
		}
	}
	return leaving
}

// settle writes the numbers of a user in the place of u, and frees the numbers that leave.
func (r *Register) settle(ctx context.Context, u userRecord, next []Number, leaving []phone.Number) (Outcome, error) {
	u, written, err := r.writeUser(ctx, u, userRecord{numbers: next, leaving: leaving})
	if err != nil || !written {
		return again, err
	}
	return Done, r.free(ctx, u)
}

// claim announces a number, holds it, and makes it a number of the user: then the numbers of the user are next.
func (r *Register) claim(ctx context.Context, u userRecord, c claim, next []Number, shared bool) (Outcome, error) {
	if len(c.Phone) < 2 || c.Phone[0] != '+' {
		return "", fmt.Errorf("%w: the number is not in E.164 form", ErrEntry)
	}
	announced, written, err := r.writeUser(ctx, u, userRecord{numbers: u.numbers, claim: &c})
	if err != nil || !written {
		return again, err
	}
	held, err := r.hold(ctx, c.Phone, u.name, shared)
	if err != nil {
		return "", err
	}
	if !held {
		_, _, err := r.writeUser(ctx, announced, userRecord{numbers: u.numbers})
		return Taken, err
	}
	return r.settle(ctx, announced, next, c.leave)
}

// maxOwners is how many users can share a number.
const maxOwners = 1000

// hold makes a user an owner of a number, and reports false if the number is another user's and not shared.
func (r *Register) hold(ctx context.Context, p phone.Number, user string, shared bool) (bool, error) {
	for tries := 0; ; tries++ {
		n, err := r.readNumber(ctx, p)
		if err != nil {
			return false, err
		}
		others := slices.DeleteFunc(slices.Clone(n.owners), func(o string) bool { return o == user })
		if !shared || len(others) >= maxOwners {
			if others, err = r.owners(ctx, p, others); err != nil {
				return false, err
			}
			if len(others) > 0 && !shared || len(others) >= maxOwners {
				return false, nil
			}
		}
		written, err := r.writeNumber(ctx, n, append(others, user))
		if err != nil || written {
			return written, err
		}
		if err := pause(ctx, tries); err != nil {
			return false, err
		}
	}
}

// owners are those of some users to whom a number belongs: a number's record can name a user who has left it, or who
// announced it and never came to hold it.
func (r *Register) owners(ctx context.Context, p phone.Number, users []string) ([]string, error) {
	var owners []string
	for _, user := range users {
		u, err := r.readUser(ctx, user)
		if err != nil {
			return nil, err
		}
		owns, err := r.owns(ctx, u, p)
		if err != nil {
			return nil, err
		}
		if owns {
			owners = append(owners, user)
		}
	}
	return owners, nil
}

// owns reports whether a number belongs to a user whom the number's record names.
func (r *Register) owns(ctx context.Context, u userRecord, p phone.Number) (bool, error) {
	if u.claim != nil && u.claim.Phone == p {
		return true, nil
	}
	if !has(u.numbers, p) {
		return false, nil
	}
	if u.claim == nil || !slices.Contains(u.claim.leave, p) {
		return true, nil
	}
	held, err := r.holds(ctx, u)
	return !held, err
}

// holds reports whether the claim of a user holds.
func (r *Register) holds(ctx context.Context, u userRecord) (bool, error) {
	n, err := r.readNumber(ctx, u.claim.Phone)
	return n.names(u.name), err
}
