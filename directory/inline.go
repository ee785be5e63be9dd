package directory

import (
	"context"
	"errors"
	"fmt"
)

// Inline is a directory in memory, for the users that stand in the configuration.
type Inline struct{ numbers map[string]string }

var _ Directory = (*Inline)(nil)

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
func (i *Inline) Lookup(_ context.Context, user string) (string, bool, error) {
	number, ok := i.numbers[user]
	return number, ok, nil
}
