package register

import (
	"context"
	"slices"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// claimLife is how long an announcement that does not hold yet is left alone: its writer may be at it still. Later,
// the writer has stopped in between, and the announcement is withdrawn.
const claimLife = time.Second

// complete completes what a writer has begun in a user's record, or withdraws it. It reports false if another writer
// was faster, or may be at it still.
func (r *Register) complete(ctx context.Context, u userRecord) (bool, error) {
	if u.claim == nil {
		return true, r.free(ctx, u)
	}
	n, err := r.readNumber(ctx, u.claim.Phone)
	if err != nil {
		return false, err
	}
	if !n.names(u.name) {
		if u.now.Sub(u.claim.at) < claimLife {
			return false, nil
		}
		_, written, err := r.writeUser(ctx, u, userRecord{numbers: u.numbers})
		return written, err
	}
	o, err := r.settle(ctx, u, u.claimed(), u.claim.leave)
	return o == Done, err
}

// free frees the numbers that a user is leaving, and then forgets them. When another writer has changed the user's
// record, free stops: that writer completes what is left.
func (r *Register) free(ctx context.Context, u userRecord) error {
	if len(u.leaving) == 0 {
		return nil
	}
	for _, p := range u.leaving {
		if same, err := r.freeOne(ctx, u, p); err != nil || !same {
			return err
		}
	}
	_, _, err := r.writeUser(ctx, u, userRecord{numbers: u.numbers})
	return err
}

// freeOne takes a user from the owners of a number. It reports false, and frees nothing, if u is not the user's record
// any more: the user may have claimed the number again.
func (r *Register) freeOne(ctx context.Context, u userRecord, p phone.Number) (bool, error) {
	for tries := 0; ; tries++ {
		n, err := r.readNumber(ctx, p)
		if err != nil || !n.names(u.name) {
			return true, err
		}
		// If the user's record is still u after the number was read, then no claim has begun since, and one that
		// begins now writes the number too, so that the write below fails.
		now, err := r.readUser(ctx, u.name)
		if err != nil || !slices.Equal(now.raw, u.raw) {
			return false, err
		}
		others := slices.DeleteFunc(slices.Clone(n.owners), func(o string) bool { return o == u.name })
		if written, err := r.writeNumber(ctx, n, others); err != nil || written {
			return written, err
		}
		if err := pause(ctx, tries); err != nil {
			return false, err
		}
	}
}
