package session

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Constants of the token (RFC 7519, RFC 8725).
const (
	issuer    = "sms_2fa"
	tokenType = "sms-2fa+jwt" // explicit typing, RFC 8725 3.11
	// Method is how the second factor was proven, the amr value of RFC 8176.
	Method = "sms"
	// Leeway is how far the clocks of two gateways may differ: a token may be that much younger than now. It does not
	// lengthen a session.
	Leeway = time.Minute
	// MaxToken bounds what is parsed, in bytes (CVE-2025-30204).
	MaxToken = 2048

	tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
)

// ErrInvalid says that a token is not one of ours, or not any more.
var ErrInvalid = errors.New("session token is not valid")

// Session is one verification of one subject in one browser.
type Session struct {
	ID       string    // sid: names it in the log of revocations
	Subject  string    // sub: a pseudonym
	Zone     string    // aud: where it holds
	Epoch    string    // the memory of the store that can revoke it
	Bind     string    // keyed hash of the first factor's session, "" when not bound
	AuthTime time.Time // when the code was typed
	IssuedAt time.Time
	Expires  time.Time
}

// claims is a session as it stands in a token. It names no person.
type claims struct {
	jwt.RegisteredClaims
	AuthTime *jwt.NumericDate `json:"auth_time"`
	AMR      []string         `json:"amr"`
	SID      string           `json:"sid"`
	Epoch    string           `json:"epoch"`
	Bind     string           `json:"bind,omitempty"`
}

// Tokens makes and reads tokens.
type Tokens struct {
	ring *KeyRing
	now  func() time.Time
}

// NewTokens returns the maker and reader of tokens for the keys of a ring.
func NewTokens(ring *KeyRing, now func() time.Time) *Tokens { return &Tokens{ring: ring, now: now} }

// Mint signs a session with the first key of the ring.
func (t *Tokens) Mint(s Session) (string, error) {
	key := t.ring.first()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Subject:   s.Subject,
			Audience:  jwt.ClaimStrings{s.Zone},
			ExpiresAt: jwt.NewNumericDate(s.Expires),
			IssuedAt:  jwt.NewNumericDate(s.IssuedAt),
			ID:        s.ID + "." + fmt.Sprint(s.IssuedAt.Unix()),
		},
		AuthTime: jwt.NewNumericDate(s.AuthTime),
		AMR:      []string{Method, "mfa"},
		SID:      s.ID,
		Epoch:    s.Epoch,
		Bind:     s.Bind,
	})
	token.Header["kid"], token.Header["typ"] = key.id, tokenType
	signed, err := token.SignedString(key.sign)
	if err != nil {
		return "", fmt.Errorf("signing session: %w", err)
	}
	return signed, nil
}

// Read verifies a token for a zone: our type, one of our keys, HS256 and nothing else, issuer, audience, an expiry that
// is there and has not come (RFC 8725 3.1, 3.8, 3.9, 3.11). Every error wraps ErrInvalid. Whether the session was
// revoked, and whose it must be, is for the caller to see.
func (t *Tokens) Read(token, zone string) (Session, error) {
	if len(token) > MaxToken {
		return Session{}, fmt.Errorf("%w: it has %d bytes", ErrInvalid, len(token))
	}
	if strings.Trim(token, tokenAlphabet) != "" || strings.ContainsAny(token, "\r\n") {
		// Go's base64 passes over line ends, which would be other spellings of one token.
		return Session{}, fmt.Errorf("%w: it has characters that no token has", ErrInvalid)
	}
	var c claims
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithStrictDecoding(), jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(), jwt.WithIssuer(issuer), jwt.WithAudience(zone), jwt.WithTimeFunc(t.now), jwt.WithLeeway(Leeway),
	)
	if _, err := parser.ParseWithClaims(token, &c, t.key); err != nil {
		return Session{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return c.session(zone, t.now())
}

// key chooses among our own keys only; what the header says can name one, not bring one (RFC 8725 3.10).
func (t *Tokens) key(token *jwt.Token) (any, error) {
	if token.Header["typ"] != tokenType {
		return nil, errors.New("type is not ours")
	}
	id, _ := token.Header["kid"].(string)
	key, ok := t.ring.find(id)
	if !ok {
		return nil, errors.New("key is not ours")
	}
	return key.sign, nil
}

func (c *claims) session(zone string, now time.Time) (Session, error) {
	if c.SID == "" || c.Subject == "" || c.Epoch == "" || c.AuthTime == nil || c.IssuedAt == nil {
		return Session{}, fmt.Errorf("%w: a claim is missing", ErrInvalid)
	}
	if !now.Before(c.ExpiresAt.Time) {
		return Session{}, fmt.Errorf("%w: it has expired", ErrInvalid)
	}
	return Session{
		ID: c.SID, Subject: c.Subject, Zone: zone, Epoch: c.Epoch, Bind: c.Bind,
		AuthTime: c.AuthTime.Time, IssuedAt: c.IssuedAt.Time, Expires: c.ExpiresAt.Time,
	}, nil
}
