package otp

import (
	"context"
	"fmt"
	"time"
)

// Leave notes that the subject has given another number than the one that the latest text went to, and that nobody
// waits for the codes there any more: its challenges are over, and the next text need not keep the pause. The texts
// count for the limits of the account all the same. If the latest text went to this number, nothing is changed.
func (v *Verifier) Leave(ctx context.Context, s Subject, p Policy, number string) error {
	key := v.keys.Phone(number)
	_, _, err := v.run(ctx, s, nil, p, func(a *account, _ time.Time) Outcome {
		if a.Phone != "" && a.Phone != key {
			a.leave()
		}
		return Outcome{}
	})
	if err != nil {
		return fmt.Errorf("leaving number: %w", err)
	}
	return nil
}

// leave ends all challenges; the pause that their texts began is over.
func (a *account) leave() {
	for i := range a.Challenges {
		a.answer(&a.Challenges[i])
	}
	a.Challenges = nil
}
