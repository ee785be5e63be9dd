package directory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// Inline is a directory in memory, for the users that stand in the configuration.
type Inline struct{ numbers map[string]string }

var (
	_ Reviewed  = (*Inline)(nil)
	_ AtHand    = (*Inline)(nil)
	_ Immediate = (*Inline)(nil)
)

// NewInline returns a directory of numbers by user. An empty name, a user without a number, or two spellings of one
// user is an error, which names the user.
func NewInline(users map[string]string) (*Inline, error) {
	numbers := make(map[string]string, len(users))
	for user, number := range users {
		name := Canonical(user)
		switch {
		case name == "":
			return nil, errors.New("reading users: a name is empty or has control characters")
		case number == "":
			return nil, fmt.Errorf("reading users: user %q has no number", user)
		case numbers[name] != "":
			return nil, fmt.Errorf("reading users: user %q stands twice, perhaps in another spelling", user)
		}
		numbers[name] = number
	}
	return &Inline{numbers: numbers}, nil
}

// Lookup finds a number. It never returns an error.
func (i *Inline) Lookup(_ context.Context, p Person) (Numbers, error) {
	if number, ok := i.AtHand(p.Name); ok {
		return Numbers{number}, nil
	}
	return nil, nil
}

// Immediate says that an Inline asks nobody.
func (*Inline) Immediate() {}

// AtHand finds a number, as Lookup does.
func (i *Inline) AtHand(user string) (string, bool) {
	number, ok := i.numbers[user]
	return number, ok
}

// Review judges the numbers. One that cannot be read is an error, which names the user, because whoever writes a
// configuration is there to mend it. A user whose name is a number is not named.
func (i *Inline) Review(region string, _ func(error)) error {
	for _, user := range slices.Sorted(maps.Keys(i.numbers)) {
		err := judge(user, i.numbers[user], region)
		if err == nil {
			continue
		}
		if _, swapped := phone.Parse(user, region); swapped == nil {
			return fmt.Errorf("reading users: %w", err)
		}
		return fmt.Errorf("reading users: user %q: %w", user, err)
	}
	return nil
}

// Misspelt says what is wrong with a number whatever its region: nil for a number that some gate may be able to read.
// The error does not hold the number.
func Misspelt(number string) error {
	if _, err := phone.Parse(number, ""); errors.Is(err, phone.ErrCharacters) {
		return err
	}
	return nil
}
