package otp

import (
	"encoding/hex"
	"fmt"
	"io"
)

// freshIDs are the random names that a step may need. The verifier draws them before the step, so that the step
// stays pure.
type freshIDs struct {
	challenge ChallengeID
	text      string
	codeKey   string // names the secret under which a new challenge begins; not random
}

func (v *Verifier) fresh() (freshIDs, error) {
	f := freshIDs{codeKey: v.keys.currentCodeKey()}
	var text [8]byte
	if _, err := io.ReadFull(v.rand, f.challenge[:]); err != nil {
		return f, fmt.Errorf("drawing challenge: %w", err)
	}
	if _, err := io.ReadFull(v.rand, text[:]); err != nil {
		return f, fmt.Errorf("drawing text: %w", err)
	}
	f.text = hex.EncodeToString(text[:])
	return f, nil
}

// NewBrowser draws a name for a browser that has none.
func (v *Verifier) NewBrowser() (BrowserID, error) {
	var b BrowserID
	if _, err := io.ReadFull(v.rand, b[:]); err != nil {
		return b, fmt.Errorf("drawing browser: %w", err)
	}
	return b, nil
}
