package session

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MinSecret is the least size of a secret in bytes: what HS256 must have (RFC 7518 3.2).
const MinSecret = 32

// ErrWeakSecret says that a secret is too short, or is a sample, a phrase or a pattern rather than random bytes.
var ErrWeakSecret = errors.New("secret is too weak")

const secretAdvice = "make one with: openssl rand -base64 32"

// KeyRing is the keys of a gateway, in the order of its secrets: the first key signs tokens and seals the root of the
// epoch, and every key verifies and opens. A ring never changes.
type KeyRing struct {
	keys []ringKey
}

// ringKey is what is derived from one secret.
type ringKey struct {
	id   string // names the key in tokens and in the store; the key cannot be found out from its id
	sign []byte // for HMAC-SHA256, 32 bytes
	seal []byte // for AES-256-GCM, 32 bytes
	code []byte // what the secret contributes to codes, 32 bytes
	list []byte // for the register of numbers: AES-256-GCM, 32 bytes
}

// CodeKey is what a secret contributes to the codes that are texted. ID names it in records.
type CodeKey struct {
	ID  string
	Key []byte
}

// CodeKeys are what the secrets contribute to codes, that of the first secret first.
func (r *KeyRing) CodeKeys() []CodeKey {
	keys := make([]CodeKey, len(r.keys))
	for i, k := range r.keys {
		keys[i] = CodeKey{ID: k.id, Key: k.code}
	}
	return keys
}

// RegisterKeys are the keys that seal the register of proven numbers, that of the first secret first.
func (r *KeyRing) RegisterKeys() []CodeKey {
	keys := make([]CodeKey, len(r.keys))
	for i, k := range r.keys {
		keys[i] = CodeKey{ID: k.id, Key: k.list}
	}
	return keys
}

// NewKeyRing derives a ring from one or more secrets, each 32 or more random bytes in base64 or hex. Errors wrap
// ErrWeakSecret and never hold a secret.
func NewKeyRing(secrets ...string) (*KeyRing, error) {
	if len(secrets) == 0 {
		return nil, errors.New("making key ring: there is no secret")
	}
	ring := new(KeyRing)
	for i, s := range secrets {
		raw, err := decodeSecret(strings.TrimSpace(s))
		if err != nil {
			return nil, fmt.Errorf("reading secret %d of %d: %w", i+1, len(secrets), err)
		}
		k, err := deriveKey(raw)
		if err != nil {
			return nil, err
		}
		ring.keys = append(ring.keys, k)
	}
	return ring, nil
}

// NewSecret draws a secret in the form that NewKeyRing reads.
func NewSecret(rand io.Reader) (string, error) {
	raw := make([]byte, MinSecret)
	if _, err := io.ReadFull(rand, raw); err != nil {
		return "", fmt.Errorf("drawing secret: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// ID is the same for rings of the same secrets in the same order, and differs for all others. It tells no secret.
func (r *KeyRing) ID() string {
	ids := make([]string, len(r.keys))
	for i, k := range r.keys {
		ids[i] = k.id
	}
	return strings.Join(ids, ",")
}

func (r *KeyRing) first() ringKey { return r.keys[0] }

// find returns the key with that id, and false when the ring has no such key.
func (r *KeyRing) find(id string) (ringKey, bool) {
	for _, k := range r.keys {
		if k.id == id {
			return k, true
		}
	}
	return ringKey{}, false
}

func deriveKey(raw []byte) (ringKey, error) {
	var k ringKey
	var err error
	if k.sign, err = hkdf.Key(sha256.New, raw, nil, "sms-2fa token", sha256.Size); err != nil {
		return k, fmt.Errorf("deriving key: %w", err)
	}
	if k.seal, err = hkdf.Key(sha256.New, raw, nil, "sms-2fa seal", sha256.Size); err != nil {
		return k, fmt.Errorf("deriving key: %w", err)
	}
	if k.code, err = hkdf.Key(sha256.New, raw, nil, "sms-2fa code", sha256.Size); err != nil {
		return k, fmt.Errorf("deriving key: %w", err)
	}
	if k.list, err = hkdf.Key(sha256.New, raw, nil, "sms-2fa register", sha256.Size); err != nil {
		return k, fmt.Errorf("deriving key: %w", err)
	}
	mac := hmac.New(sha256.New, k.seal)
	mac.Write([]byte("key id"))
	k.id = hex.EncodeToString(mac.Sum(nil)[:6])
	return k, nil
}

// decodeSecret reads a secret in hex or in base64, standard or URL alphabet, padded or not, and refuses a secret
// that was not drawn at random. A phrase of letters in one case only can be valid base64, and is refused as well.
func decodeSecret(s string) ([]byte, error) {
	if raw, err := hex.DecodeString(s); err == nil {
		return judgeSecret(raw)
	}
	if strings.ToLower(s) == s || strings.ToUpper(s) == s {
		return nil, fmt.Errorf("%w: it is not base64 or hex of random bytes; %s", ErrWeakSecret, secretAdvice)
	}
	plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(s), "=")
	raw, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: it is neither base64 nor hex; %s", ErrWeakSecret, secretAdvice)
	}
	return judgeSecret(raw)
}

// judgeSecret refuses bytes that are too few, are text, repeat themselves or count upward or downward. The sample
// secrets of documentation do one of these; 32 random bytes in practice do none.
func judgeSecret(raw []byte) ([]byte, error) {
	switch {
	case len(raw) < MinSecret:
		return nil, fmt.Errorf("%w: it has %d bytes, expected %d or more; %s",
			ErrWeakSecret, len(raw), MinSecret, secretAdvice)
	case printable(raw), distinct(raw) < 12, counting(raw):
		return nil, fmt.Errorf("%w: it is a text or a pattern, not random bytes; %s", ErrWeakSecret, secretAdvice)
	}
	return raw, nil
}

func printable(raw []byte) bool {
	for _, b := range raw {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}

func distinct(raw []byte) int {
	seen := make(map[byte]bool)
	for _, b := range raw {
		seen[b] = true
	}
	return len(seen)
}

// counting reports whether neighbours differ by the same step nearly everywhere, as in 00 01 02 03.
func counting(raw []byte) bool {
	steps := make(map[byte]int)
	for i := 1; i < len(raw); i++ {
		steps[raw[i]-raw[i-1]]++
	}
	for _, n := range steps {
		if n > len(raw)/2 {
			return true
		}
	}
	return false
}
