package register

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// rootKey is the key in the store under which the root of the register stands.
const rootKey = "register"

// rootSize is the size of the root in bytes.
const rootSize = 32

// rootVersion is the version of the record of the root, the only one that is read.
const rootVersion = 1

// rootRecord is the root as it stands in the store, in JSON.
type rootRecord struct {
	Version int    `json:"v"`
	KeyID   string `json:"kid"`    // names the key that sealed the root
	Sealed  string `json:"sealed"` // AES-256-GCM, nonce first
}

// Renew seals the root anew if the store has one and it is not sealed with the first of the ring's keys. It is for
// every gateway that starts, whether it uses the register or not: so a secret that is replaced, and then taken out of
// the configuration, does not take the register with it. Without a register, Renew changes nothing.
func Renew(ctx context.Context, s store.Store, ring []SealKey, rand io.Reader) error {
	_, err := openRoot(ctx, s, ring, rand, false)
	return err
}

// openRoot reads the root, or draws the first one if the register is to be founded; otherwise it returns nil without
// one.
func openRoot(
	ctx context.Context, s store.Store, ring []SealKey, rand io.Reader, found bool,
) (root []byte, err error) {
	if len(ring) == 0 {
		return nil, fmt.Errorf("opening register: there is no key")
	}
	_, err = store.Change(ctx, s, rootKey, nil, func(old store.Record) ([]byte, time.Time, error) {
		var next []byte
		var err error
		switch {
		case old.Data != nil:
			root, next, err = readRoot(old.Data, ring, rand)
		case found:
			root, next, err = newRoot(ring, rand)
		}
		return next, time.Time{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("opening register: %w", err)
	}
	return root, nil
}

func newRoot(ring []SealKey, rand io.Reader) (root, data []byte, err error) {
	root = make([]byte, rootSize)
	if _, err := io.ReadFull(rand, root); err != nil {
		return nil, nil, fmt.Errorf("drawing root: %w", err)
	}
	data, err = sealRoot(root, ring[0], rand)
	return root, data, err
}

// readRoot opens a root, and returns the record that is to stand for it.
func readRoot(data []byte, ring []SealKey, rand io.Reader) (root, next []byte, err error) {
	var r rootRecord
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, nil, fmt.Errorf("reading root: %w: %w", ErrRecord, err)
	}
	if r.Version != rootVersion {
		return nil, nil, fmt.Errorf("reading root: %w: version %d, expected %d", ErrRecord, r.Version, rootVersion)
	}
	for i, key := range ring {
		if key.ID != r.KeyID {
			continue
		}
		if root, err = unsealRoot(r, key); err != nil || i == 0 {
			return root, data, err
		}
		next, err = sealRoot(root, ring[0], rand)
		return root, next, err
	}
	return nil, nil, ErrForeignSecret
}

func sealRoot(root []byte, key SealKey, rand io.Reader) ([]byte, error) {
	gcm, err := newGCM(key.Key)
	if err != nil {
		return nil, fmt.Errorf("sealing root: %w", err)
	}
	sealed, err := seal(gcm, rootKey, root, rand)
	if err != nil {
		return nil, fmt.Errorf("sealing root: %w", err)
	}
	return json.Marshal(rootRecord{
		Version: rootVersion, KeyID: key.ID, Sealed: base64.StdEncoding.EncodeToString(sealed),
	})
}

func unsealRoot(r rootRecord, key SealKey) ([]byte, error) {
	sealed, err := base64.StdEncoding.DecodeString(r.Sealed)
	if err != nil {
		return nil, fmt.Errorf("unsealing root: %w: %w", ErrRecord, err)
	}
	gcm, err := newGCM(key.Key)
	if err != nil {
		return nil, fmt.Errorf("unsealing root: %w", err)
	}
	root, err := unseal(gcm, rootKey, sealed)
	if err == nil && len(root) != rootSize {
		err = fmt.Errorf("%w: the root has %d bytes, expected %d", ErrRecord, len(root), rootSize)
	}
	if err != nil {
		return nil, fmt.Errorf("unsealing root: %w", err)
	}
	return root, nil
}
