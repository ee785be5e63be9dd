package app

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store"
)

// Basis is what a verification rests on: whose it is, to which phone the code went, and what a code is worth. Gates of
// one zone share their verifications, so they must agree in all of it.
type Basis struct {
	user          string
	directory     json.RawMessage // as it is configured
	phone         string
	defaultRegion string
	policy        otp.Policy
	testNumbers   []TestNumber
}

// NewBasis is the basis of a gate, given its user, the directory as it is configured, and all of its options.
func NewBasis(user string, directory json.RawMessage, o Options, p otp.Policy) Basis {
	return Basis{
		user: user, directory: slices.Clone(directory), phone: o.Phone, defaultRegion: o.DefaultRegion, policy: p,
		testNumbers: o.TestNumbers,
	}
}

// differs is the first option in which two gates do not agree, with both values as far as they hold no secret; "" when
// they agree.
func (b Basis) differs(other Basis) string {
	for _, option := range []struct {
		name        string
		mine, their any
	}{
		{"user", b.user, other.user},
		{"directory", canonicalJSON(b.directory), canonicalJSON(other.directory)},
		{"phone", b.phone, other.phone},
		{"default_region", b.defaultRegion, other.defaultRegion},
		{"code_length", b.policy.CodeLength, other.policy.CodeLength},
		{"attempts", b.policy.Attempts, other.policy.Attempts},
		{"block", b.policy.Block, other.policy.Block},
		{"code_ttl", b.policy.CodeTTL, other.policy.CodeTTL},
		{"sends", limitsInWords(b.policy.Sends), limitsInWords(other.policy.Sends)},
		{"test_number", fmt.Sprintf("%q", b.testNumbers), fmt.Sprintf("%q", other.testNumbers)},
	} {
		if option.mine == option.their {
			continue
		}
		switch option.name {
		case "directory":
			return fmt.Sprintf("directory (%s, and %s)", kindOfDirectory(b.directory), kindOfOther(b, other))
		case "test_number":
			return "test_number"
		}
		return fmt.Sprintf("%s (%s, and %s)", option.name,
			orNone(fmt.Sprint(option.mine)), orNone(fmt.Sprint(option.their)))
	}
	return ""
}

// kindOfDirectory is the module of a directory. Nothing else of its configuration is told: it may hold a password.
func kindOfDirectory(directory json.RawMessage) string {
	var module struct {
		Directory string `json:"directory"`
	}
	_ = json.Unmarshal(directory, &module)
	return cmp.Or(module.Directory, "none")
}

func kindOfOther(b, other Basis) string {
	if kind := kindOfDirectory(other.directory); kind != kindOfDirectory(b.directory) {
		return kind
	}
	return "another " + kindOfDirectory(other.directory)
}

// canonicalJSON is the same text for configurations that mean the same.
func canonicalJSON(raw json.RawMessage) string {
	var value any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return ""
	}
	text, _ := json.Marshal(value) // members are sorted
	return string(text)
}

func limitsInWords(limits []store.Limit) string {
	var words []string
	for _, l := range limits {
		words = append(words, fmt.Sprintf("%d per %s", l.Max, l.Per))
	}
	return strings.Join(words, ", ")
}

func orNone(value string) string { return cmp.Or(value, "none") }
