package app

import (
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// TestMaker is who made the code of a test number. No sender can be called so.
const TestMaker = "test number"

// TestNumber is a number that gets no text and has a fixed code. Whoever knows the code and has passed the first
// factor as a user with this number gets in; wrong codes are counted as for any other number.
type TestNumber struct {
	// The number, with its plus.
	Number string `json:"number"`

	// Its code, with as many digits as codes have; best as `{env.NAME}`.
	Code string `json:"code"`

	// The last day, in UTC, like `2027-01-31`. After it the number is one like any other, and is texted.
	Until string `json:"until"`
}

// readTestNumber reads "test_number <number> code <code> until <date>".
func (o *Options) readTestNumber(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 5 || args[1] != "code" || args[3] != "until" {
		return d.Err("test_number: expected a number, a code and a last day, " +
			"like: test_number +15005550006 code 123456 until 2027-01-31")
	}
	o.TestNumbers = append(o.TestNumbers, TestNumber{Number: args[0], Code: args[2], Until: args[4]})
	return nil
}

func (t TestNumber) validate() error {
	if n, err := phone.Parse(t.Number, ""); err != nil || n.E164() != t.Number {
		return fmt.Errorf("test_number: %q is not a number like +15005550006", t.Number)
	}
	if _, err := t.end(); err != nil {
		return err
	}
	if strings.Contains(t.Code, "{") {
		return nil
	}
	if _, ok := otp.Normalize(t.Code, len(t.Code)); !ok || t.Code == "" {
		return fmt.Errorf("test_number: the code has other characters than digits")
	}
	return nil
}

// end is the first moment at which the number is one like any other.
func (t TestNumber) end() (time.Time, error) {
	day, err := time.Parse(time.DateOnly, t.Until)
	if err != nil {
		return time.Time{}, fmt.Errorf("test_number: %q is not a day like 2027-01-31", t.Until)
	}
	return day.AddDate(0, 0, 1), nil
}

// FixedCodes are the test numbers of a gate, with their codes.
type FixedCodes map[phone.Number]fixedCode

type fixedCode struct {
	code string
	end  time.Time // when the number is like any other again
}

// End is when a test number is like any other again.
func (t FixedCodes) End(n phone.Number) time.Time { return t[n].end }

// NewFixedCodes resolves the codes, which must have length digits.
func NewFixedCodes(configured []TestNumber, length int) (FixedCodes, error) {
	numbers := make(FixedCodes)
	for _, t := range configured {
		var code string
		if err := (guest.Settings{guest.Expanded("test_number", &t.Code, &code)}).Resolve(); err != nil {
			return nil, err
		}
		if _, ok := otp.Normalize(code, length); !ok || len(code) != length {
			return nil, fmt.Errorf("test_number: the code of %s does not have %d digits", phone.Number(t.Number), length)
		}
		end, err := t.end()
		if err != nil {
			return nil, err
		}
		numbers[phone.Number(t.Number)] = fixedCode{code: code, end: end}
	}
	return numbers, nil
}

// Active reports whether a number has a fixed code now.
func (t FixedCodes) Active(n phone.Number, now time.Time) bool {
	fixed, ok := t[n]
	return ok && now.Before(fixed.end)
}

// Right compares a guess with the fixed code of a number, in constant time.
func (t FixedCodes) Right(n phone.Number, guess string, now time.Time) bool {
	fixed := t[n]
	typed, ok := otp.Normalize(guess, len(fixed.code))
	return t.Active(n, now) && ok && subtle.ConstantTimeCompare([]byte(typed), []byte(fixed.code)) == 1
}
