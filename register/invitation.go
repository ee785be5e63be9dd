package register

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"
)

// InvitationLife is how long an invitation is good for.
const InvitationLife = 7 * 24 * time.Hour

// invitationBytes is the size of an invitation code: 80 bits, 16 letters and digits.
const invitationBytes = 10

// invitationPrefix begins the keys of invitations in the store.
const invitationPrefix = "i:"

// invitationJSON is the JSON in which an invitation is sealed. The code itself is nowhere.
type invitationJSON struct {
	Version int    `json:"v"`
	Code    []byte `json:"c"` // SHA-256 of the code
}

// Invite lets a user without a number give one: whoever knows the code may, until the invitation has been used, or
// until expires. An earlier invitation of the user is good for nothing from then on. Outcomes: Done, and Other when
// the user has a number; then there is no code.
func (r *Register) Invite(ctx context.Context, user string) (code string, expires time.Time, o Outcome, err error) {
	if _, found, err := r.Find(ctx, user); err != nil || found {
		return "", time.Time{}, Other, err
	}
	if code, err = r.newInvitation(); err != nil {
		return "", time.Time{}, "", err
	}
	key := r.keys.invitation(user)
	digest := sha256.Sum256([]byte(code))
	raw, err := r.seal(key, invitationJSON{recordVersion, digest[:]})
	if err != nil {
		return "", time.Time{}, "", fmt.Errorf("writing invitation: %w", err)
	}
	for tries := 0; ; tries++ {
		rec, err := r.store.Get(ctx, key)
		if err != nil {
			return "", time.Time{}, "", fmt.Errorf("writing invitation: %w", err)
		}
		expires = rec.Now.Add(InvitationLife)
		written, err := r.store.Swap(ctx, key, rec.Data, raw, expires)
		if err != nil {
			return "", time.Time{}, "", fmt.Errorf("writing invitation: %w", err)
		}
		if written {
			return code, expires, Done, nil
		}
		if err := pause(ctx, tries); err != nil {
			return "", time.Time{}, "", err
		}
	}
}

// newInvitation makes a code like ABCD-EFGH-IJKL-MNOP.
func (r *Register) newInvitation() (string, error) {
	random := make([]byte, invitationBytes)
	if _, err := io.ReadFull(r.rand, random); err != nil {
		return "", fmt.Errorf("drawing invitation: %w", err)
	}
	text := base32.StdEncoding.EncodeToString(random)
	return strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-"), nil
}

// Invited reports whether a code is that of the user's invitation. Small letters, spaces and missing dashes do not
// matter. The comparison takes the same time for every code (RFC 6238 section 5.2 asks that of passwords of one use).
func (r *Register) Invited(ctx context.Context, user, code string) (bool, error) {
	key := r.keys.invitation(user)
	rec, err := r.store.Get(ctx, key)
	if err != nil {
		return false, fmt.Errorf("reading invitation: %w", err)
	}
	if rec.Data == nil {
		return false, nil
	}
	var j invitationJSON
	if err := r.open(key, rec.Data, &j); err != nil {
		return false, fmt.Errorf("reading invitation: %w", err)
	}
	if j.Version != recordVersion {
		return false, fmt.Errorf("reading invitation: %w: version %d, expected %d", ErrRecord, j.Version, recordVersion)
	}
	digest := sha256.Sum256([]byte(canonicalInvitation(code)))
	return subtle.ConstantTimeCompare(digest[:], j.Code) == 1, nil
}

// canonicalInvitation is a code as it was made, however a person typed it.
func canonicalInvitation(typed string) string {
	kept := strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' || c >= '2' && c <= '7' {
			return c
		}
		return -1
	}, strings.ToUpper(typed))
	if len(kept) != 16 {
		return ""
	}
	return strings.Join([]string{kept[:4], kept[4:8], kept[8:12], kept[12:]}, "-")
}

// Uninvite removes the user's invitation, if there is one.
func (r *Register) Uninvite(ctx context.Context, user string) error {
	key := r.keys.invitation(user)
	for tries := 0; ; tries++ {
		rec, err := r.store.Get(ctx, key)
		if err != nil || rec.Data == nil {
			return err
		}
		removed, err := r.store.Swap(ctx, key, rec.Data, nil, time.Time{})
		if err != nil || removed {
			return err
		}
		if err := pause(ctx, tries); err != nil {
			return err
		}
	}
}

// invitation is the key of a user's invitation.
func (k *keys) invitation(user string) string {
	return invitationPrefix + hash(k.users, "invitation "+user)
}
