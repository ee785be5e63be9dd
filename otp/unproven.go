package otp

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Unproven is a number that a visitor has given, and that is not theirs yet. No store keeps it: it lives sealed in the
// visitor's browser, as long as a challenge can, and leaving half way leaves nothing.
type Unproven struct {
	// Number is the number in E.164 form.
	Number string
	// Replaces is the number of the visitor in whose place it is given, "" for a first one.
	Replaces string
	// Try names the texts that went to it for this browser, and Texts is how many they were: so many uses of the limits
	// end when a code has proved the number.
	Try   string
	Texts int
	// Until is when the seal is good for nothing any more, on the clock of the gateways.
	Until time.Time
	// Opened is what the right code has opened, nil before: the number could not be entered in the register then,
	// because the store failed, and is entered as soon as the browser comes again.
	Opened *Opened
}

// Opened is the session that a right code has opened, as an Outcome tells it.
type Opened struct {
	Session string
	At      time.Time // on the clock of the gateway
	Stamp   int64
	Trusted bool // the visitor has asked not to be asked again in this browser
}

// Outcome is what was found when the code was right.
func (o *Opened) Outcome(now time.Time) Outcome {
	return Outcome{Kind: Right, Session: o.Session, OpenedAt: o.At, OpenedAgo: max(now.Sub(o.At), 0), Stamp: o.Stamp}
}

// maxSealed is the size of the longest seal that is opened.
const maxSealed = 1024

// Seal seals a number for a subject and a browser, with AES-256-GCM: nobody else can use it, and nobody can read or
// change it.
func (v *Verifier) Seal(s Subject, b BrowserID, u Unproven) (string, error) {
	plain, err := json.Marshal(u)
	if err != nil {
		return "", fmt.Errorf("sealing number: %w", err)
	}
	aead, err := v.keys.sealer()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(v.rand, nonce); err != nil {
		return "", fmt.Errorf("sealing number: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, boundTo(s, b))), nil
}

// Open opens what Seal has sealed for the same subject and browser; it reports false for everything else, and for what
// is too old.
func (v *Verifier) Open(s Subject, b BrowserID, sealed string, now time.Time) (u Unproven, ok bool) {
	aead, err := v.keys.sealer()
	if err != nil || len(sealed) > maxSealed {
		return Unproven{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(raw) < aead.NonceSize() {
		return Unproven{}, false
	}
	nonce, secret := raw[:aead.NonceSize()], raw[aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, secret, boundTo(s, b))
	if err != nil || json.Unmarshal(plain, &u) != nil || u.Number == "" || !now.Before(u.Until) {
		return Unproven{}, false
	}
	return u, true
}

// boundTo is what a seal is bound to.
func boundTo(s Subject, b BrowserID) []byte {
	return fmt.Appendf(nil, "%q %q %x", s.Zone, s.Name, b[:])
}

func (k *Keys) sealer() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.unproven)
	if err != nil {
		return nil, fmt.Errorf("sealing number: %w", err)
	}
	return cipher.NewGCM(block)
}
