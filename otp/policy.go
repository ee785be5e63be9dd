package otp

import (
	"fmt"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Defaults of the policy.
const (
	DefaultCodeLength  = 6
	DefaultCodeTTL     = 5 * time.Minute
	DefaultAttempts    = 3
	DefaultBlock       = 15 * time.Minute
	DefaultResendAfter = time.Minute
)

// Bounds of the policy.
const (
	// MinCodeLength is the smallest length that NIST SP 800-63B 3.1.3.2 and OWASP ASVS 6.5.4 allow.
	MinCodeLength = 6
	MaxCodeLength = 10
	// MaxCodeTTL is the longest life that NIST SP 800-63B 3.1.3.2 and OWASP ASVS 6.5.5 allow. It bounds the life of
	// a challenge however often the text is repeated.
	MaxCodeTTL = 10 * time.Minute
	// MaxAttempts bounds the guesses before a block, so that blocks go on to slow guessing down.
	MaxAttempts = 10
	// MaxBlock is the longest block: doubling ends there.
	MaxBlock = 24 * time.Hour
	// MaxInARow is the number of guesses counted in a row after which an account is disabled (NIST SP 800-63B
	// 3.2.2).
	MaxInARow = 100
)

// DefaultSends is how many texts an account may get, and how many a phone number: 5 in 10 minutes and 10 in a day.
func DefaultSends() []store.Limit {
	return []store.Limit{{Max: 5, Per: 10 * time.Minute}, {Max: 10, Per: 24 * time.Hour}}
}

// failedSends bounds the texts that failed, which no other limit counts, so that no visitor can hammer a provider
// that is down.
var failedSends = store.Limit{Max: 10, Per: 10 * time.Minute}

// Policy is what the operator decides about codes and texts.
type Policy struct {
	CodeLength  int           // decimal digits, 6 to 10
	CodeTTL     time.Duration // life of a challenge, at most 10 minutes
	Attempts    int           // wrong codes before a block, 1 to 10
	Block       time.Duration // the first block; each further one doubles, up to 24 hours
	ResendAfter time.Duration // between two texts of one account, unless the code of the first was right
	Sends       []store.Limit // texts per account, and again per phone number
}

// DefaultPolicy is the policy when the operator configures nothing.
func DefaultPolicy() Policy {
	return Policy{
		CodeLength:  DefaultCodeLength,
		CodeTTL:     DefaultCodeTTL,
		Attempts:    DefaultAttempts,
		Block:       DefaultBlock,
		ResendAfter: DefaultResendAfter,
		Sends:       DefaultSends(),
	}
}

// Validate returns an error that names the first option out of bounds, as the configuration spells the option.
func (p Policy) Validate() error {
	switch {
	case p.CodeLength < MinCodeLength || p.CodeLength > MaxCodeLength:
		return fmt.Errorf("code_length: %d is not between %d and %d digits",
			p.CodeLength, MinCodeLength, MaxCodeLength)
	case p.CodeTTL <= 0 || p.CodeTTL > MaxCodeTTL:
		return fmt.Errorf("code_ttl: %s is not more than 0 and at most %s", p.CodeTTL, MaxCodeTTL)
	case p.Attempts < 1 || p.Attempts > MaxAttempts:
		return fmt.Errorf("attempts: %d is not between 1 and %d", p.Attempts, MaxAttempts)
	case p.Block < 0 || p.Block > MaxBlock:
		return fmt.Errorf("block: %s is not between 0 and %s", p.Block, MaxBlock)
	case p.ResendAfter < 0 || p.ResendAfter > MaxBlock:
		return fmt.Errorf("resend_after: %s is not between 0 and %s", p.ResendAfter, MaxBlock)
	}
	return validateSends(p.Sends)
}

func validateSends(limits []store.Limit) error {
	if len(limits) == 0 {
		return fmt.Errorf("sends: expected at least one limit, like \"5 per 10m\"")
	}
	for _, l := range limits {
		if l.Max < 1 || l.Max > 1000 || l.Per <= 0 || l.Per > 31*24*time.Hour {
			return fmt.Errorf("sends: %d per %s is not 1 to 1000 texts in at most 31 days", l.Max, l.Per)
		}
	}
	return nil
}

// Warnings lists settings that are allowed and probably not meant, in words for the operator's log.
func (p Policy) Warnings() []string {
	var w []string
	if p.CodeTTL < 30*time.Second {
		w = append(w, "code_ttl is under 30s: texts often take longer to arrive")
	}
	if p.Block < time.Minute {
		w = append(w, "block is under 1m: wrong codes are hardly slowed down")
	}
	if p.ResendAfter < 10*time.Second {
		w = append(w, "resend_after is under 10s: impatient visitors cost texts")
	}
	if p.Attempts > 5 {
		w = append(w, "attempts is over 5: guessing becomes more likely to succeed")
	}
	return w
}
