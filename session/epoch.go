package session

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// ErrForeignSecret says that the store belongs to gateways with another secret. A gateway that goes on would neither know
// their accounts nor honour their blocks, so it starts no challenge.
var ErrForeignSecret = errors.New("the store was set up with another secret; give every gateway the same one, or list the older secret behind the new one")

// epochKey is the name of the epoch's record.
const epochKey = "epoch"

// epochLife is how long an epoch outlives the last gateway that knew it. Nothing in the store lives longer.
const epochLife = 800 * 24 * time.Hour

// Epoch is the memory of a store, from the day it was empty to the day it loses its data. A token of another epoch is
// worthless: the store that could say that it was revoked is gone. Root is the source of all keys of the accounts; it is
// drawn once, kept in the store sealed by a secret, and so outlives a change of secrets.
type Epoch struct {
	ID   string
	Root []byte
}

// rootSize is the size of an epoch's root in bytes.
const rootSize = 32

// epochRecord is an epoch as it is stored.
type epochRecord struct {
	Version int    `json:"v"`
	ID      string `json:"id"`
	KeyID   string `json:"kid"`    // names the key that sealed the root
	Sealed  string `json:"sealed"` // AES-256-GCM, nonce first
	Renewed int64  `json:"renewed"`
}

// OpenEpoch reads the epoch of a store, and begins one if the store is empty. With a ring whose first key is not the one
// that sealed it, it is sealed again, so that the older secret can be retired.
func OpenEpoch(ctx context.Context, s store.Store, ring *KeyRing, rand io.Reader) (Epoch, error) {
	var e Epoch
	_, err := store.Change(ctx, s, epochKey, nil, func(old store.Record) ([]byte, time.Time, error) {
		var next []byte
		var err error
		if old.Data == nil {
			e, next, err = newEpoch(ring, rand, old.Now)
		} else {
			e, next, err = readEpoch(old, ring, rand)
		}
		return next, old.Now.Add(epochLife), err
	})
	if err != nil {
		return Epoch{}, fmt.Errorf("opening epoch: %w", err)
	}
	return e, nil
}

// CurrentEpoch is the ID of the store's epoch, "" when the store has none.
func CurrentEpoch(ctx context.Context, s store.Store) (string, error) {
	old, err := s.Get(ctx, epochKey)
	if err != nil || old.Data == nil {
		return "", err
	}
	r, err := parseEpoch(old.Data)
	return r.ID, err
}

func newEpoch(ring *KeyRing, rand io.Reader, now time.Time) (Epoch, []byte, error) {
	random := make([]byte, rootSize+9)
	if _, err := io.ReadFull(rand, random); err != nil {
		return Epoch{}, nil, fmt.Errorf("drawing epoch: %w", err)
	}
	e := Epoch{ID: base64.RawURLEncoding.EncodeToString(random[rootSize:]), Root: random[:rootSize]}
	data, err := e.encode(ring.first(), rand, now)
	return e, data, err
}

func readEpoch(old store.Record, ring *KeyRing, rand io.Reader) (Epoch, []byte, error) {
	r, err := parseEpoch(old.Data)
	if err != nil {
		return Epoch{}, nil, err
	}
	key, ok := ring.find(r.KeyID)
	if !ok {
		return Epoch{}, nil, ErrForeignSecret
	}
	root, err := unseal(key.seal, r.ID, r.Sealed)
	if err != nil {
		return Epoch{}, nil, fmt.Errorf("unsealing epoch: %w", err)
	}
	e := Epoch{ID: r.ID, Root: root}
	fresh := old.Now.Sub(time.UnixMilli(r.Renewed)) < epochLife/4
	if key.id == ring.first().id && fresh {
		return e, old.Data, nil
	}
	data, err := e.encode(ring.first(), rand, old.Now)
	return e, data, err
}

func parseEpoch(data []byte) (epochRecord, error) {
	var r epochRecord
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("reading epoch: %w", err)
	}
	if r.Version != 1 {
		return r, fmt.Errorf("reading epoch: version %d, expected 1", r.Version)
	}
	return r, nil
}

func (e Epoch) encode(key ringKey, rand io.Reader, now time.Time) ([]byte, error) {
	sealed, err := seal(key.seal, e.ID, e.Root, rand)
	if err != nil {
		return nil, fmt.Errorf("sealing epoch: %w", err)
	}
	return json.Marshal(epochRecord{Version: 1, ID: e.ID, KeyID: key.id, Sealed: sealed, Renewed: now.UnixMilli()})
}

func seal(key []byte, id string, plain []byte, rand io.Reader) (string, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, gcm.NonceSize())
	if _, err := io.ReadFull(rand, nonce); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(gcm.Seal(nonce, nonce, plain, []byte(id))), nil
}

func unseal(key []byte, id, sealed string) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < gcm.NonceSize() {
		return nil, errors.New("it is damaged")
	}
	root, err := gcm.Open(nil, raw[:gcm.NonceSize()], raw[gcm.NonceSize():], []byte(id))
	if err == nil && len(root) != rootSize {
		err = errors.New("it is damaged")
	}
	return root, err
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
