package directory

import (
	"context"
	"errors"
)

// Chain is several directories, which are asked in order until one has a number.
type Chain struct{ links []*Link }

// NewChain returns a chain. Links may stand in several chains, and then share their connections, breakers and caches.
func NewChain(links ...*Link) *Chain { return &Chain{links: links} }

// Lookup finds the numbers of a person: those of the first directory that has any. A directory that cannot tell ends
// the lookup with an *Error that names the directory, because nobody knows which number it would have told.
func (c *Chain) Lookup(ctx context.Context, p Person) (Numbers, error) {
	for _, l := range c.links {
		numbers, err := l.Lookup(ctx, p)
		if err != nil || len(numbers) > 0 {
			return numbers, err
		}
	}
	return nil, nil
}

// Links are the directories with their terms, in order.
func (c *Chain) Links() []*Link { return c.links }

// Drop forgets what is cached, so that every next lookup asks.
func (c *Chain) Drop() {
	for _, l := range c.links {
		l.Drop()
	}
}

// NameOf is the name of the directory that an error of a chain comes from; "" if the error names none.
func NameOf(err error) string {
	var known *Error
	if errors.As(err, &known) {
		return known.Directory
	}
	return ""
}

var _ Directory = (*Chain)(nil)
