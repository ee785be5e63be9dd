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

// ErrForeignSecret says that the root of the store's epoch is sealed with a secret that is not in the key ring: the
// store belongs to gateways with another secret. A gateway that went on would neither know the accounts of those
// gateways nor honour the blocks that they set, so it starts no challenge.
var ErrForeignSecret = errors.New("the store was set up with another secret; " +
	"give every gateway the same one, or list the older secret behind the new one")

// epochKey is the key in the store under which the record of the epoch stands.
const epochKey = "epoch"

// epochLife is how long the record of an epoch is kept after a gateway last renewed it. No other record of the store
// lives longer, so an epoch that expires takes nothing with it.
const epochLife = 800 * 24 * time.Hour

// Epoch is the memory of a store, from the day it was empty to the day it loses its data. A token of another epoch is
// worthless, because the store that could say whether the token was revoked is gone.
type Epoch struct {
	// ID is the name of the epoch, random and not secret. Tokens carry it.
	ID string
	// Root is the secret from which all keys of the accounts are derived, 32 random bytes. It is drawn once and kept
	// in the store, sealed with a key of the ring, so that the accounts stay the same when the secrets change.
	Root []byte

	cause   cause
	lostLog bool // OpenEpoch found that the store had lost its log
}

// rootSize is the size of an epoch's root in bytes.
const rootSize = 32

// epochRecord is an epoch as it stands in the store, in JSON.
type epochRecord struct {
	Version int    `json:"v"`
	ID      string `json:"id"`
	KeyID   string `json:"kid"`    // names the key that sealed the root
	Sealed  string `json:"sealed"` // AES-256-GCM, nonce first
	Renewed int64  `json:"renewed"`
	Cause   cause  `json:"cause,omitempty"`
	// Log is the position in the store's log of the entry that bears witness to the log: when that entry is gone, the
	// revocations are gone as well. "" while there is no such entry yet.
	Log string `json:"log,omitempty"`
}

// cause is why an epoch was begun before the earlier epoch had expired.
type cause string

// Causes of an epoch.
const (
	causeNone     cause = ""         // the store was empty
	causeOperator cause = "operator" // an operator ended all sessions
	causeLog      cause = "log"      // the store had lost its log, and nobody knows what was revoked
)

// OpenEpoch reads the epoch of a store, and begins a new epoch if the store is empty, or has lost its log of
// revocations. When the first key of the ring is not the key that sealed the root, OpenEpoch seals the root with the
// first key, so that the older secret can be removed from the configuration. It renews a record that has used up a
// quarter of its life. The error is ErrForeignSecret, or a fault of the store.
func OpenEpoch(ctx context.Context, s store.Store, ring *KeyRing, rand io.Reader) (Epoch, error) {
	e, err := openEpoch(ctx, s, ring, rand)
	if err != nil {
		return Epoch{}, fmt.Errorf("opening epoch: %w", err)
	}
	return e, nil
}

func openEpoch(ctx context.Context, s store.Store, ring *KeyRing, rand io.Reader) (Epoch, error) {
	e, r, err := readOrBegin(ctx, s, ring, rand)
	if err != nil {
		return e, err
	}
	lost, err := lostLog(ctx, s, r)
	if err != nil {
		return e, err
	}
	if lost {
		if err := replaceEpoch(ctx, s, ring, rand, r.ID, causeLog); err != nil {
			return e, err
		}
		if e, r, err = readOrBegin(ctx, s, ring, rand); err != nil {
			return e, err
		}
		e.lostLog = true
	}
	return e, witness(ctx, s, r)
}

// readOrBegin reads the epoch, and begins the first one.
func readOrBegin(ctx context.Context, s store.Store, ring *KeyRing, rand io.Reader) (Epoch, epochRecord, error) {
	var e Epoch
	rec, err := store.Change(ctx, s, epochKey, nil, func(old store.Record) ([]byte, time.Time, error) {
		var next []byte
		var err error
		if old.Data == nil {
			e, next, err = newEpoch(ring, rand, old.Now, causeNone)
		} else {
			e, next, err = readEpoch(old, ring, rand)
		}
		return next, old.Now.Add(epochLife), err
	})
	if err != nil {
		return Epoch{}, epochRecord{}, err
	}
	r, err := parseEpoch(rec.Data)
	return e, r, err
}

// currentEpoch is the record of the store's epoch, with an empty ID when the store is empty.
func currentEpoch(ctx context.Context, s store.Store) (epochRecord, error) {
	old, err := s.Get(ctx, epochKey)
	if err != nil || old.Data == nil {
		return epochRecord{}, err
	}
	return parseEpoch(old.Data)
}

// lostLog reports whether the log has lost the entry that bears witness to it. The entry is looked for twice, because
// another gateway may have renewed the record in between.
func lostLog(ctx context.Context, s store.Store, r epochRecord) (bool, error) {
	if r.Log == "" {
		return false, nil
	}
	held, err := s.Holds(ctx, r.Log)
	if err != nil || held {
		return false, err
	}
	again, err := currentEpoch(ctx, s)
	return again.ID == r.ID && again.Log == r.Log, err
}

// witness appends the entry that bears witness to the log, if there is none yet, and notes its position in the record
// of the epoch. The entry outlives the record. As a revocation it ends nothing: no subject has such a name.
func witness(ctx context.Context, s store.Store, r epochRecord) error {
	if r.Log != "" {
		return nil
	}
	now, err := s.Get(ctx, epochKey)
	if err != nil {
		return err
	}
	until := now.Now.Add(epochLife + 24*time.Hour)
	entry, err := Revocation{Subject: "epoch:" + r.ID, Until: until.Unix()}.Encode()
	if err != nil {
		return err
	}
	position, err := s.Append(ctx, entry, until)
	if err != nil {
		return fmt.Errorf("writing to log: %w", err)
	}
	_, err = store.Change(ctx, s, epochKey, nil, func(old store.Record) ([]byte, time.Time, error) {
		expires := old.Now.Add(epochLife)
		if old.Data == nil {
			return nil, expires, nil
		}
		current, err := parseEpoch(old.Data)
		if err != nil || current.ID != r.ID || current.Log != "" {
			return old.Data, expires, err
		}
		current.Log = position
		next, err := json.Marshal(current)
		return next, expires, err
	})
	return err
}

// replaceEpoch begins a new epoch in the place of the epoch whose ID is old. When another gateway has been faster,
// replaceEpoch changes nothing.
func replaceEpoch(ctx context.Context, s store.Store, ring *KeyRing, rand io.Reader, old string, why cause) error {
	_, err := store.Change(ctx, s, epochKey, nil, func(rec store.Record) ([]byte, time.Time, error) {
		expires := rec.Now.Add(epochLife)
		if rec.Data == nil {
			return nil, expires, nil
		}
		r, err := parseEpoch(rec.Data)
		if err != nil || r.ID != old {
			return rec.Data, expires, err
		}
		_, next, err := newEpoch(ring, rand, rec.Now, why)
		return next, expires, err
	})
	if err != nil {
		return fmt.Errorf("beginning epoch: %w", err)
	}
	return nil
}

func newEpoch(ring *KeyRing, rand io.Reader, now time.Time, why cause) (Epoch, []byte, error) {
	random := make([]byte, rootSize+9)
	if _, err := io.ReadFull(rand, random); err != nil {
		return Epoch{}, nil, fmt.Errorf("drawing epoch: %w", err)
	}
	e := Epoch{ID: base64.RawURLEncoding.EncodeToString(random[rootSize:]), Root: random[:rootSize], cause: why}
	data, err := e.encode(ring.first(), rand, now, why)
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
	e := Epoch{ID: r.ID, Root: root, cause: r.Cause}
	fresh := old.Now.Sub(time.UnixMilli(r.Renewed)) < epochLife/4
	if key.id == ring.first().id && fresh {
		return e, old.Data, nil
	}
	data, err := e.encode(ring.first(), rand, old.Now, r.Cause)
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

func (e Epoch) encode(key ringKey, rand io.Reader, now time.Time, why cause) ([]byte, error) {
	sealed, err := seal(key.seal, e.ID, e.Root, rand)
	if err != nil {
		return nil, fmt.Errorf("sealing epoch: %w", err)
	}
	return json.Marshal(epochRecord{
		Version: 1, ID: e.ID, KeyID: key.id, Sealed: sealed, Renewed: now.UnixMilli(), Cause: why,
	})
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
