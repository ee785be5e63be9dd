package otp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// RootSize is the size in bytes of the root from which all keys of the domain are derived.
const RootSize = 32

// Subject is one person in one zone. Name is the canonical spelling of the user's name: two spellings are two
// accounts.
type Subject struct {
	Zone, Name string
}

// Keys turns names, phone numbers and challenges into what may be stored or sent. Each key serves one purpose (NIST
// SP 800-108), and each input is framed by its length, so that no two inputs run together.
type Keys struct {
	account, subject, phone, number, session, proof, report, gateName []byte
	try, unproven                                                     []byte // of numbers that no code has proved
	form, heldForm                                                    []byte // of interrupted forms

	codes []codeKeys // the current ones first
}

// CodeKey is what a secret of the operator contributes to codes: Key is derived from the secret, and ID names it in
// records without telling anything of it.
type CodeKey struct {
	ID  string
	Key []byte
}

// codeKeys make the codes of challenges, and the marks of guesses at them.
type codeKeys struct {
	id         string
	code, mark []byte
}

// NewKeys derives the keys of one epoch from its root. Codes depend on the root and on a secret, so that somebody who
// knows the root, from a copy of the store and an older secret, cannot find out codes. Challenges begin under the
// first of secrets; those that began under another one of them keep their code, and those under none of them are over.
// A challenge that was begun by a gateway that took codes from the root alone keeps its code as well.
func NewKeys(root []byte, secrets ...CodeKey) (*Keys, error) {
	if len(root) != RootSize {
		return nil, fmt.Errorf("deriving keys: the root has %d bytes, expected %d", len(root), RootSize)
	}
	k := new(Keys)
	for _, secret := range secrets {
		keys, err := newCodeKeys(root, secret)
		if err != nil {
			return nil, err
		}
		k.codes = append(k.codes, keys)
	}
	var alone codeKeys
	for purpose, key := range map[string]*[]byte{
		"account": &k.account, "subject": &k.subject, "phone": &k.phone, "number": &k.number,
		"code": &alone.code, "mark": &alone.mark, "session": &k.session, "proof": &k.proof, "report": &k.report,
		"try": &k.try, "unproven": &k.unproven, "form": &k.form, "held form": &k.heldForm,
		"way": &k.gateName, // the purpose keeps its first word: it is part of the derivation
	} {
		derived, err := hkdf.Key(sha256.New, root, nil, "sms-2fa "+purpose, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("deriving keys: %w", err)
		}
		*key = derived
	}
	k.codes = append(k.codes, alone)
	return k, nil
}

func newCodeKeys(root []byte, secret CodeKey) (codeKeys, error) {
	code, err := hkdf.Key(sha256.New, root, secret.Key, "sms-2fa code", sha256.Size)
	if err != nil {
		return codeKeys{}, fmt.Errorf("deriving keys: %w", err)
	}
	mark, err := hkdf.Key(sha256.New, root, secret.Key, "sms-2fa mark", sha256.Size)
	if err != nil {
		return codeKeys{}, fmt.Errorf("deriving keys: %w", err)
	}
	return codeKeys{id: secret.ID, code: code, mark: mark}, nil
}

// currentCodeKey names the secret under which challenges begin.
func (k *Keys) currentCodeKey() string { return k.codes[0].id }

// codeKeys finds the keys of a secret, by its ID.
func (k *Keys) codeKeys(id string) (codeKeys, bool) {
	for _, keys := range k.codes {
		if keys.id == id {
			return keys, true
		}
	}
	return codeKeys{}, false
}

// derives reports whether the code of a challenge can be derived: the secret under which it began is still listed.
func (k *Keys) derives(c Challenge) bool {
	_, ok := k.codeKeys(c.codeKey)
	return ok
}

// Account is the name of the subject's record in the store.
func (k *Keys) Account(s Subject) string { return "a:" + name(k.account, s.Zone, s.Name) }

// Phone is the name under which texts to a phone are counted.
func (k *Keys) Phone(number string) string { return "p:" + name(k.phone, number) }

// Number names, in tokens, the phone number by which the subject was verified. It is not the name under which texts to
// the phone are counted, and differs from subject to subject.
func (k *Keys) Number(s Subject, number string) string { return name(k.number, s.Zone, s.Name, number) }

// Report is the name of the record by which a report of a sender, about the text that it calls reportID, finds the
// account of that text.
func (k *Keys) Report(sender, reportID string) string { return "r:" + name(k.report, sender, reportID) }

// Pseudonym names the subject in tokens. It tells nothing of the person, and is not the account's name in the store.
func (k *Keys) Pseudonym(s Subject) string { return name(k.subject, s.Zone, s.Name) }

// Session is the name of the one session that a challenge can open.
func (k *Keys) Session(s Subject, id ChallengeID) string {
	return name(k.session, s.Zone, s.Name, string(id[:]))
}

// Proof is what a form must carry to show that the gate made the form: it is bound to the subject and to the
// browser's ticket (OWASP Cross-Site Request Forgery Prevention, signed double-submit cookie).
func (k *Keys) Proof(s Subject, t Ticket) string {
	return name(k.proof, s.Zone, s.Name, t.String())
}

// GateName names a gate of a zone that stands behind other gates at an address. The name proves that the gate
// stands there: only a gate that a request has reached can have written it.
func (k *Keys) GateName(zone, host, path string) string { return name(k.gateName, zone, host, path) }

// marker makes the marks of a guess at the code of a challenge.
func (k *Keys) marker(s Subject, id ChallengeID, guess string) marker {
	return func(codeKey, codeBy string) (m mark) {
		keys, _ := k.codeKeys(codeKey)
		copy(m[:], sum(keys.mark, s.Zone, s.Name, string(id[:]), codeBy, guess))
		return m
	}
}

// name is 128 bits of the keyed hash of parts, as text.
func name(key []byte, parts ...string) string {
	return base64.RawURLEncoding.EncodeToString(sum(key, parts...)[:16])
}

func sum(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
