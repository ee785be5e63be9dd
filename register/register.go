// Package register keeps the phone numbers that are known to be right: those that a code has proved, and those that an
// operator has entered.
//
// An [Entry] is one user with their numbers. Entries are kept without end in the store of the gateways, encrypted, and
// are found by keyed hashes alone, so that a copy of the store names no person and no number. The keys are derived
// from a root that belongs to the register (root.go): the register outlives an epoch, the end of all sessions and a
// change of the operator's secret.
//
// # Two records
//
// For each user there is a record with the entry, and for each number a record with its owners (record.go). No store
// can write both at once, so they are written in an order that leaves no doubt at any moment, even if a gateway stops
// between two writes. A number belongs to a user when both records say so:
//
//   - Claiming a number: it is announced in the user's record, then held in the number's record, then the
//     announcement becomes part of the entry. The second write decides. If another user holds the number, the
//     announcement is withdrawn.
//   - Leaving a number: it is moved in the user's record from the entry to what is being left, then the number's
//     record is freed, then the user's record forgets the number. The first write decides.
//   - Changing a number is claiming one and leaving another, decided by the write that holds the new number.
//
// Whoever finds an announcement or a leaving that was not completed completes it (repair.go). Every write makes other
// bytes, because what is written is sealed with a fresh nonce. So a writer that was slow notices that somebody else
// has written since, and begins again.
//
// # Names of users
//
// Names are canonical. The register knows a user by name alone, whatever the zone: a number that was proved in one
// zone is the user's number in every zone. Where users of two sites are different people with the same names, the
// operator tells them apart with the option user.
package register

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Errors of a register. All others are faults of the store.
var (
	// ErrForeignSecret says that the root of the register is sealed with a secret that is not configured. Nothing can
	// be read or entered until the older secret is listed behind the new one.
	ErrForeignSecret = errors.New("the register was set up with another secret; " +
		"give every gateway the same one, or list the older secret behind the new one")

	// ErrRecord says that a record cannot be read: it was damaged or exchanged, or a newer version of the gateway
	// wrote it. It is never taken for "no number".
	ErrRecord = errors.New("record of the register cannot be read")

	// ErrEntry says that what is to be entered is no entry: a user without a name, or no number.
	ErrEntry = errors.New("not an entry of the register")
)

// SealKey seals the root of the register. Key is derived from a secret of the operator, 32 bytes, and ID names it in
// the store without telling anything of it.
type SealKey struct {
	ID  string
	Key []byte
}

// Register is the register in one store. It may be used by many goroutines at once, and by many gateways.
type Register struct {
	store store.Store
	keys  *keys
	rand  io.Reader
}

// Open opens the register of a store, and founds it if the store has none. The root is sealed with the first of the
// ring's keys; if it was sealed with another one, Open seals it anew, so that the older secret can be taken out of the
// configuration. The error is ErrForeignSecret, ErrRecord or a fault of the store.
//
// The register is to be opened again when the store begins a new epoch: a store that has lost its memory has lost the
// root as well, and another gateway may have founded a new register.
func Open(ctx context.Context, s store.Store, ring []SealKey, rand io.Reader) (*Register, error) {
	root, err := openRoot(ctx, s, ring, rand, true)
	if err != nil {
		return nil, err
	}
	k, err := newKeys(root)
	if err != nil {
		return nil, fmt.Errorf("opening register: %w", err)
	}
	return &Register{store: s, keys: k, rand: rand}, nil
}
