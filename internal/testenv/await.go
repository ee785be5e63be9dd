package testenv

import (
	"testing"
	"time"
)

// awaitTimeout is longer than the gate takes for anything that it does by itself, even on a busy machine.
const awaitTimeout = 20 * time.Second

// Await asks every 20 ms whether something has come about, and fails the test if it has not after 20 seconds. The test
// goes on.
func Await(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(awaitTimeout); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("never: %s", what)
			return
		}
	}
}
