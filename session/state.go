package session

import "time"

// State is what one gateway knows of an epoch: its name, its root, and what was revoked in it. A State is never
// reused for another epoch; what was found out with its root, such as the pseudonyms of the accounts, is worthless
// in the next.
type State struct {
	Epoch   Epoch
	Revoked *Revoked
}

// apply adds entries of the log to what was revoked. An entry that cannot be read is an error, because nobody knows
// what it revokes: the gateway must not go on as if there were no such entry.
func (s *State) apply(entries [][]byte, now time.Time) error {
	for _, entry := range entries {
		r, err := DecodeRevocation(entry)
		if err != nil {
			return err
		}
		s.Revoked.Add(r, now)
	}
	return nil
}
