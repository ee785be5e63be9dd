package app

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store"
)

// Basis is what a verification rests on: whose it is, to which phone the code went, and what a code is worth. Gates of
// one zone share their verifications, so they must agree in all of it.
type Basis struct {
	user          string
	directory     guest.Modules // as they are configured
	phone         string
	defaultRegion string
	policy        otp.Policy
	testNumbers   []TestNumber
}

// NewBasis is the basis of a gate, given its user, the directories as they are configured, and all of its options.
func NewBasis(user string, directories guest.Modules, o Options, p otp.Policy) Basis {
	return Basis{
		user: user, directory: slices.Clone(directories), phone: o.Phone, defaultRegion: o.DefaultRegion, policy: p,
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
			return fmt.Sprintf("directory (%s, and %s)", kindsOf(b.directory), kindOfOther(b, other))
		case "test_number":
			return "test_number"
		}
		return fmt.Sprintf("%s (%s, and %s)", option.name,
			orNone(fmt.Sprint(option.mine)), orNone(fmt.Sprint(option.their)))
	}
	return ""
}

// kindsOf is the modules of directories. Nothing else of their configuration is told: it may hold a password.
func kindsOf(directories guest.Modules) string {
	var kinds []string
	for _, raw := range directories {
		var module struct {
			Directory string `json:"directory"`
		}
		_ = json.Unmarshal(raw, &module)
		kinds = append(kinds, module.Directory)
	}
	return orNone(strings.Join(kinds, ", "))
}

func kindOfOther(b, other Basis) string {
	if kinds := kindsOf(other.directory); kinds != kindsOf(b.directory) {
		return kinds
	}
	return "another " + kindsOf(other.directory)
}

// canonicalJSON is the same text for configurations that mean the same.
func canonicalJSON(directories guest.Modules) string {
	raw, err := json.Marshal(directories)
	if err != nil {
		return ""
	}
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
