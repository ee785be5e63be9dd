package register

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// The beginnings of the register's keys in the store.
const (
	userPrefix   = "u:"
	numberPrefix = "n:"
)

// keys turns users and numbers into the names of their records, and seals the records. Each key serves one purpose
// (NIST SP 800-108).
type keys struct {
	users, numbers []byte      // of the keyed hashes
	records        cipher.AEAD // AES-256-GCM (NIST SP 800-38D)
}

func newKeys(root []byte) (*keys, error) {
	k := new(keys)
	var record []byte
	for purpose, key := range map[string]*[]byte{"user": &k.users, "number": &k.numbers, "record": &record} {
		derived, err := hkdf.Key(sha256.New, root, nil, "sms-2fa register "+purpose, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("deriving keys: %w", err)
		}
		*key = derived
	}
	var err error
	k.records, err = newGCM(record)
	return k, err
}

// user is the key of a user's record.
func (k *keys) user(name string) string { return userPrefix + hash(k.users, name) }

// number is the key of a number's record.
func (k *keys) number(n phone.Number) string { return numberPrefix + hash(k.numbers, n.E164()) }

// hash is 128 bits of a keyed hash, as text.
func hash(key []byte, of string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(of))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// newGCM returns AES-256-GCM with a key of 32 bytes.
func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

// seal encrypts plain. The result begins with a fresh nonce, and can be opened only under the name with which it was
// sealed.
func seal(gcm cipher.AEAD, name string, plain []byte, rand io.Reader) ([]byte, error) {
	nonce := make([]byte, gcm.NonceSize(), gcm.NonceSize()+len(plain)+gcm.Overhead())
	if _, err := io.ReadFull(rand, nonce); err != nil {
		return nil, fmt.Errorf("drawing nonce: %w", err)
	}
	return gcm.Seal(nonce, nonce, plain, []byte(name)), nil
}

// unseal decrypts what seal has made under the same name.
func unseal(gcm cipher.AEAD, name string, sealed []byte) ([]byte, error) {
	size := gcm.NonceSize()
	if len(sealed) < size {
		return nil, fmt.Errorf("%w: it is too short", ErrRecord)
	}
	plain, err := gcm.Open(nil, sealed[:size], sealed[size:], []byte(name))
	if err != nil {
		return nil, fmt.Errorf("%w: it was sealed with another key, or under another name", ErrRecord)
	}
	return plain, nil
}
