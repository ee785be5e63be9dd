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
	// Leeway is how far the clocks of two gateways may differ, or how far a clock may be put back: the iat of a token
	// may lie that far in the future. It does not lengthen a session.
	Leeway = 15 * time.Minute
	// MaxToken is the size in bytes above which a token is refused unread (CVE-2025-30204).
	MaxToken = 2048

	tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
)

// ErrInvalid says that a token was not made by a gateway with one of these keys for this zone, or has expired.
var ErrInvalid = errors.New("session token is not valid")

// Session is one verification of one subject in one browser.
type Session struct {
	ID      string // claim sid: names the session in the log of revocations
	Subject string // claim sub: the pseudonym of a user in a zone
	Zone    string // claim aud: the zone in which the session counts
	Epoch   string // ID of the epoch in which the session was opened
	Bind    string // keyed hash of the first factor's session, "" without the option bind
	// Number is a keyed hash of the phone number that proved the session; "" in tokens from before the claim. Such a
	// token proves no number, so it is good for any that its user has, and until its own end only.
	Number   string
	AuthTime time.Time // when the code was typed, on the clock of the gateway that made the token
	// Stamp is the place of the session in the order in which the sessions of its subject were opened and revoked,
	// whatever the clocks say: greater than every stamp before. 0 in tokens of gateways that knew no stamps.
	Stamp int64 // claim stamp
	// Trusted is true where the visitor has asked not to be asked again in this browser.
	Trusted  bool      // claim trusted
	IssuedAt time.Time // when the token was made; later than AuthTime when the token was renewed
	Expires  time.Time
}

// claims is a session as it stands in a token. The claims name no person.
type claims struct {
	jwt.RegisteredClaims
	AuthTime *jwt.NumericDate `json:"auth_time"`
	AMR      []string         `json:"amr"`
	SID      string           `json:"sid"`
	Epoch    string           `json:"epoch"`
	Bind     string           `json:"bind,omitempty"`
	Number   string           `json:"number,omitempty"`
	Stamp    int64            `json:"stamp,omitempty"`
	Trusted  bool             `json:"trusted,omitempty"`
}

// Tokens makes and reads tokens. Its methods may be called from many goroutines at once.
type Tokens struct {
	ring *KeyRing
	now  func() time.Time
}

// NewTokens returns the maker and reader of tokens with the keys of a ring. now is the clock.
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
		Number:   s.Number,
		Stamp:    s.Stamp,
		Trusted:  s.Trusted,
	})
	token.Header["kid"], token.Header["typ"] = key.id, tokenType
	signed, err := token.SignedString(key.sign)
	if err != nil {
		return "", fmt.Errorf("signing session: %w", err)
	}
	return signed, nil
}

// Read verifies a token for a zone: type, key, algorithm HS256 and no other, issuer, audience, and an expiry that is
// present and lies in the future (RFC 8725 3.1, 3.8, 3.9, 3.11). Every error wraps ErrInvalid. The caller has to check
// the rest: that the session is of the current epoch, is not revoked, and belongs to the user of the request.
func (t *Tokens) Read(token, zone string) (Session, error) {
	if len(token) > MaxToken {
		return Session{}, fmt.Errorf("%w: it has %d bytes", ErrInvalid, len(token))
	}
	if strings.Trim(token, tokenAlphabet) != "" || strings.ContainsAny(token, "\r\n") {
		// The decoder of Go's base64 ignores line ends, so with them one token would have several spellings.
		return Session{}, fmt.Errorf("%w: it has characters that no token has", ErrInvalid)
	}
	var c claims
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithIssuer(issuer), jwt.WithAudience(zone),
		jwt.WithTimeFunc(t.now), jwt.WithLeeway(Leeway),
	)
	if _, err := parser.ParseWithClaims(token, &c, t.key); err != nil {
		return Session{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return c.session(zone, t.now())
}

// key finds the key by which a token says it was signed. The header can only name a key of the ring by its ID; a key
// that the token brings with it, or an address of a key, is never used (RFC 8725 3.10).
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

// session is the session of verified claims.
func (c *claims) session(zone string, now time.Time) (Session, error) {
	if c.SID == "" || c.Subject == "" || c.Epoch == "" || c.AuthTime == nil || c.IssuedAt == nil {
		return Session{}, fmt.Errorf("%w: a claim is missing", ErrInvalid)
	}
	if !now.Before(c.ExpiresAt.Time) {
		return Session{}, fmt.Errorf("%w: it has expired", ErrInvalid)
	}
	return Session{
		ID: c.SID, Subject: c.Subject, Zone: zone, Epoch: c.Epoch, Bind: c.Bind, Number: c.Number,
		Stamp: c.Stamp, Trusted: c.Trusted,
		AuthTime: c.AuthTime.Time, IssuedAt: c.IssuedAt.Time, Expires: c.ExpiresAt.Time,
	}, nil
}
