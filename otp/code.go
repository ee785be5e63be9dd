package otp

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
)

// Code derives the code of a challenge that begins now, under the current secret.
func (k *Keys) Code(s Subject, id ChallengeID, length int) string {
	return k.code(k.currentCodeKey(), s, id, length)
}

// code derives the code of a challenge that began under the secret codeKey. The same challenge always has the same
// code, so that no code is stored and a repeated text repeats the code. The code is cut from a keyed hash of the
// subject and the challenge's random ID, without bias: 63 bits of the hash are taken, and taken anew in the rare case
// that they fall into the last, incomplete run of codes (RFC 4226 5.3 truncates, which is biased).
func (k *Keys) code(codeKey string, s Subject, id ChallengeID, length int) string {
	keys, _ := k.codeKeys(codeKey) // challenges under other secrets have been dropped, see Verifier.decode
	codes := pow10(length)
	limit := (uint64(1<<63) / codes) * codes
	for round := byte(0); ; round++ {
		n := binary.BigEndian.Uint64(sum(keys.code, s.Zone, s.Name, string(id[:]), string(round))) >> 1
		if n < limit {
			return fmt.Sprintf("%0*d", length, n%codes)
		}
	}
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// equalCodes compares two codes of equal length in constant time.
func equalCodes(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
