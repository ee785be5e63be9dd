package directory

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// Reviewed is a Directory that has all of its numbers at hand, and can tell which of them are of no use before anybody
// asks for one. A gate has the numbers reviewed when it is loaded, because only the gate knows its default region.
type Reviewed interface {
	Directory

	// Review judges every number as a gate with this default region reads it (ISO 3166-1, "" for none), now and
	// whenever the numbers change. warn is called for what is wrong with single numbers, with file and line, and without
	// user and number. An error means that the gate must not be loaded with this directory; it names the place, too.
	Review(region string, warn func(error)) error
}

// maxWarnings is how many single numbers a review tells of.
const maxWarnings = 20

// review is what a gate has asked for.
type review struct {
	region string
	warn   func(error)
}

// of judges the numbers of a file. If more than half of them cannot be read, that is an error, because then the file
// is not what it should be.
func (r review) of(path string, t *table) error {
	var faults []error
	for _, u := range t.users {
		if err := judgeAll(u.user, t.numbers[u.user], r.region); err != nil {
			faults = append(faults, fmt.Errorf("%s:%d: %w", path, u.line, err))
		}
	}
	if len(faults)*2 > len(t.users) {
		return fmt.Errorf("%d of %d numbers cannot be read, the first at %w", len(faults), len(t.users), faults[0])
	}
	r.tell(path, t, faults)
	return nil
}

func (r review) tell(path string, t *table, faults []error) {
	if len(t.users) == 0 {
		r.warn(fmt.Errorf("%s has no users yet; %s", path, expected))
	}
	if t.cut {
		r.warn(fmt.Errorf("%s: the last line has no line end; without it a file that was cut off looks like a whole one",
			path))
	}
	for i, fault := range faults {
		if i == maxWarnings {
			r.warn(fmt.Errorf("%s: %d more numbers cannot be read", path, len(faults)-i))
			return
		}
		r.warn(fault)
	}
}

// judgeAll says what is wrong with the first number of a user that cannot be read.
func judgeAll(user, numbers, region string) error {
	for number := range strings.SplitSeq(numbers, between) {
		if err := judge(user, number, region); err != nil {
			return err
		}
	}
	return nil
}

// judge says what is wrong with a number of a user, in words that hold neither of the two.
func judge(user, number, region string) error {
	_, err := phone.Parse(number, region)
	if err == nil {
		return nil
	}
	if _, swapped := phone.Parse(user, region); swapped == nil && errors.Is(err, phone.ErrCharacters) {
		return fmt.Errorf("%w; the columns seem to be swapped, %s", err, expected)
	}
	return err
}
