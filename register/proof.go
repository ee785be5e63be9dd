package register

import (
	"context"
	"slices"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// Proof is a number that a right code has proved.
type Proof struct {
	// User is the canonical name.
	User   string
	Number phone.Number
	// How is HowEnroll or HowDirectory. A number that is in the register keeps the way by which it came.
	How How
	// Shared says that the number may belong to other users as well, up to 1000.
	Shared bool
	// OnFile are all numbers that the directories have for the user now. Numbers that came from a directory and are
	// not among them leave the register. With nil, none leaves.
	OnFile []phone.Number
}

// proofGrain is how much later a number must be proved again for that to be written down.
const proofGrain = time.Minute

// Prove enters a number that a right code has proved, beside other numbers of the user, or notes that it was proved
// again. Outcomes: Done, Taken.
func (r *Register) Prove(ctx context.Context, p Proof) (Outcome, error) {
	return r.prove(ctx, p, func(current []Number, now time.Time) ([]Number, Outcome) {
		return p.enter(p.onFile(current), now), Done
	})
}

// Enroll is Prove for a user's first number: if the user has another number, it enters nothing. Of two numbers that
// are proved at the same time, on two devices, the second finds the first. Outcomes: Done, also when the user has this
// number already, Taken, Other.
func (r *Register) Enroll(ctx context.Context, p Proof) (Outcome, error) {
	return r.prove(ctx, p, func(current []Number, now time.Time) ([]Number, Outcome) {
		if len(current) > 0 && !has(current, p.Number) {
			return nil, Other
		}
		return p.enter(current, now), Done
	})
}

// Change enters a number that a right code has proved, in the place of the user's number old, which is free for others
// from the same moment on. Outcomes: Done, also when it was done before, Taken, and Missing when neither number is the
// user's; with Taken and Missing nothing changes.
func (r *Register) Change(ctx context.Context, old phone.Number, p Proof) (Outcome, error) {
	return r.prove(ctx, p, func(current []Number, now time.Time) ([]Number, Outcome) {
		if !has(current, old) && !has(current, p.Number) {
			return nil, Missing
		}
		if old != p.Number {
			current = without(current, []phone.Number{old})
		}
		return p.enter(current, now), Done
	})
}

// prove is change, for which what was known before is done.
func (r *Register) prove(ctx context.Context, p Proof, decide plan) (Outcome, error) {
	o, err := r.change(ctx, p.User, p.Shared, decide)
	if o == Unchanged {
		o = Done
	}
	return o, err
}

// enter is the numbers of a user after the proof.
func (p Proof) enter(current []Number, now time.Time) []Number {
	next := slices.Clone(current)
	i := indexOf(next, p.Number)
	if i < 0 {
		return append(next, Number{Phone: p.Number, First: now, Last: now, How: p.How})
	}
	n := &next[i]
	if n.First.IsZero() {
		n.First = now
	}
	if now.Sub(n.Last) >= proofGrain {
		n.Last = now
	}
	return next
}

// onFile is the numbers of a user without those that came from a directory and are not on file any more.
func (p Proof) onFile(current []Number) []Number {
	if p.OnFile == nil {
		return current
	}
	return slices.DeleteFunc(slices.Clone(current), func(n Number) bool {
		return n.How == HowDirectory && n.Phone != p.Number && !slices.Contains(p.OnFile, n.Phone)
	})
}
