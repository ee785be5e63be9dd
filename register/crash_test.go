package register_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/register"
	"github.com/caddy-sms-2fa/gateway/store"
)

// act is something that a gateway does with the number1 of alice, and what is true before and afterwards.
type act struct {
	name   string
	before func(ctx context.Context, r *register.Register) (register.Outcome, error) // nil for nothing
	do     func(ctx context.Context, r *register.Register) (register.Outcome, error)
	// was and is are the numbers of alice before and after.
	was, is []phone.Number
}

func acts() []act {
	enroll := func(ctx context.Context, r *register.Register) (register.Outcome, error) {
		return r.Enroll(ctx, enrolled("alice", number1))
	}
	one, two := []phone.Number{number1}, []phone.Number{number2}
	return []act{
		{"enrol", nil, enroll, nil, one},
		{"change", enroll, func(ctx context.Context, r *register.Register) (register.Outcome, error) {
			return r.Change(ctx, number1, enrolled("alice", number2))
		}, one, two},
		{"add", enroll, func(ctx context.Context, r *register.Register) (register.Outcome, error) {
			return r.Put(ctx, "alice", register.Number{Phone: number2, How: register.HowOperator}, false)
		}, one, []phone.Number{number1, number2}},
		{"set", enroll, func(ctx context.Context, r *register.Register) (register.Outcome, error) {
			return r.Set(ctx, "alice", register.Number{Phone: number2, How: register.HowOperator}, false)
		}, one, two},
		{"remove", enroll, func(ctx context.Context, r *register.Register) (register.Outcome, error) {
			return r.Remove(ctx, "alice")
		}, one, nil},
	}
}

// A gateway that stops after any of its writes leaves alice with the numbers from before or those from afterwards. No
// number is lost or has two owners, whether alice tries again, somebody else takes the number, or nobody does
// anything.
func TestGatewayStopsBetweenWrites(t *testing.T) {
	t.Parallel()
	for _, a := range acts() {
		for writes := range 8 {
			for _, follow := range []string{"again", "bob", "nobody"} {
				t.Run(fmt.Sprintf("%s stops after %d writes, then %s", a.name, writes, follow), func(t *testing.T) {
					t.Parallel()
					stopAndFollow(t, a, writes, follow)
				})
			}
		}
	}
}

func stopAndFollow(t *testing.T, a act, writes int, follow string) {
	c := newClock()
	s := openBolt(t, c.now)
	r := open(t, s)
	if a.before != nil {
		o, err := a.before(t.Context(), r)
		check(t, "before", o, err, register.Done)
	}
	broken := &stopping{Store: s}
	broken.writes.Store(1000)
	dying := open(t, broken)
	broken.writes.Store(int32(writes))
	o, err := a.do(t.Context(), dying)
	finished := err == nil && o == register.Done
	if !finished && !errors.Is(err, errStopped) {
		t.Fatalf("%q, %v", o, err)
	}
	numbers := numbersOf(t, r, "alice")
	if !slices.Equal(numbers, a.is) && (finished || !slices.Equal(numbers, a.was)) {
		t.Fatalf("alice has %s, expected %s or %s", e164(numbers), e164(a.was), e164(a.is))
	}
	expectConsistent(t, r, "alice", "bob")
	c.advance(time.Minute)
	switch follow {
	case "again":
		if _, err := a.do(t.Context(), r); err != nil {
			t.Errorf("again: %v", err)
		}
		expectNumbers(t, r, "alice", a.is...)
	case "bob":
		for _, n := range []phone.Number{number1, number2} {
			expected := register.Done
			if slices.Contains(numbers, n) {
				expected = register.Taken
			}
			o, err := r.Put(t.Context(), "bob", register.Number{Phone: n, How: register.HowOperator}, false)
			check(t, "bob takes "+n.E164(), o, err, expected)
		}
		expectNumbers(t, r, "alice", numbers...)
	case "nobody":
		expectNumbers(t, r, "alice", numbers...) // which repairs
		expectNumbers(t, r, "alice", numbers...)
	}
	expectConsistent(t, r, "alice", "bob")
	for _, user := range []string{"alice", "bob"} {
		if _, err := r.Remove(t.Context(), user); err != nil {
			t.Errorf("removing %s: %v", user, err)
		}
	}
	if left := dump(t, s, ""); len(left) != 1 {
		t.Errorf("%d records are left, expected the root alone", len(left))
	}
}

// expectConsistent checks that each number of a user has that user as its one owner, and that numbers have no other
// owners.
func expectConsistent(t *testing.T, r *register.Register, users ...string) {
	t.Helper()
	owner := make(map[phone.Number]string)
	for _, user := range users {
		for _, n := range numbersOf(t, r, user) {
			if owner[n] != "" {
				t.Errorf("%s has two owners, %s and %s", n.E164(), owner[n], user)
			}
			owner[n] = user
		}
	}
	for _, n := range []phone.Number{number1, number2, number3} {
		var expected []string
		if owner[n] != "" {
			expected = []string{owner[n]}
		}
		expectOwners(t, r, n, expected...)
	}
	for user, numbers := range all(t, r) {
		expectNumbers(t, r, user, numbers...)
	}
}

// A gateway that is slow to free the number of a user does not free it when the user has proved it again meanwhile.
func TestSlowGatewayFreesNothingAnew(t *testing.T) {
	t.Parallel()
	s := openBolt(t, time.Now)
	r := open(t, s)
	o, err := r.Enroll(t.Context(), enrolled("alice", number1))
	check(t, "enrol", o, err, register.Done)
	slow := open(t, &interrupted{Store: s, prefix: "n:", happen: func() {
		_, err := r.Remove(t.Context(), "alice")
		o, err2 := r.Enroll(t.Context(), enrolled("alice", number1))
		check(t, "enrol anew", o, errors.Join(err, err2), register.Done)
	}})
	o, err = slow.Remove(t.Context(), "alice")
	check(t, "the slow one removes", o, err, register.Done)
	expectNumbers(t, r, "alice", number1)
	expectOwners(t, r, number1, "alice")
}

// An announcement whose writer may be at it still is left alone, by readers and by other writers.
func TestAnnouncementIsLeftAloneForAWhile(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := openBolt(t, c.now)
	r := open(t, s)
	writer := open(t, &interrupted{Store: s, prefix: "n:", happen: func() {
		before := dump(t, s, "u:")
		expectNumbers(t, r, "alice")
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if o, err := r.Prove(short, enrolled("alice", number2)); !errors.Is(err, store.ErrContended) {
			t.Errorf("another proof: %q, %v, expected %v", o, err, store.ErrContended)
		}
		if after := dump(t, s, "u:"); len(after) != 1 || !bytes.Equal(after[0].Data, before[0].Data) {
			t.Error("the announcement was touched")
		}
	}})
	o, err := writer.Enroll(t.Context(), enrolled("alice", number1))
	check(t, "the writer goes on", o, err, register.Done)
}

// A reader completes what has been left for a while, so that the next one has less to read.
func TestReaderRepairs(t *testing.T) {
	t.Parallel()
	for writes := 1; writes <= 2; writes++ {
		c := newClock()
		s := openBolt(t, c.now)
		broken := &stopping{Store: s}
		broken.writes.Store(100)
		dying := open(t, broken)
		broken.writes.Store(int32(writes))
		if o, err := dying.Enroll(t.Context(), enrolled("alice", number1)); !errors.Is(err, errStopped) {
			t.Fatalf("%q, %v", o, err)
		}
		c.advance(time.Minute)
		counter := &counted{Store: s}
		r := open(t, counter)
		for _, expected := range []int32{2, 1} {
			if counter.gets.Store(0); len(numbersOf(t, r, "alice")) != writes-1 {
				t.Errorf("after %d writes alice has %s", writes, e164(numbersOf(t, r, "alice")))
			}
			if got := counter.gets.Load(); got < expected || expected == 1 && got > 1 {
				t.Errorf("after %d writes finding took %d reads, expected %d", writes, got, expected)
			}
		}
	}
}

// Many gateways do everything at once with a few users and numbers, and every now and then one of them stops between
// two writes. Whatever comes of it, no number ever has two owners.
func TestRandomLives(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, first, second store.Store) {
		users := []string{"alice", "bob", "carol"}
		numbers := []phone.Number{number1, number2, number3}
		open(t, first)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				random := mrand.New(mrand.NewPCG(1, uint64(i)))
				for range 30 {
					s := &stopping{Store: []store.Store{first, second}[i%2]}
					s.writes.Store(int32(1 + random.IntN(10)))
					r, err := register.Open(t.Context(), s, ring, rand.Reader)
					if err == nil {
						err = randomAct(t.Context(), r, random, users, numbers)
					}
					if err != nil && !errors.Is(err, errStopped) && !errors.Is(err, store.ErrContended) {
						t.Errorf("%v", err)
					}
				}
			})
		}
		wg.Wait()
		r := open(t, first)
		expectConsistent(t, r, users...)
		time.Sleep(1100 * time.Millisecond) // announcements of gateways that have stopped are withdrawn after a second
		for _, user := range users {
			if _, err := r.Remove(t.Context(), user); err != nil {
				t.Errorf("removing %s: %v", user, err)
			}
		}
		for _, n := range numbers {
			o, err := r.Enroll(t.Context(), enrolled("dave"+n.E164(), n))
			check(t, "a number of users who are gone", o, err, register.Done)
		}
	})
}

func randomAct(
	ctx context.Context, r *register.Register, random *mrand.Rand, users []string, numbers []phone.Number,
) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	user, a, b := users[random.IntN(len(users))], numbers[random.IntN(len(numbers))], numbers[random.IntN(len(numbers))]
	var err error
	switch random.IntN(6) {
	case 0:
		_, err = r.Enroll(ctx, enrolled(user, a))
	case 1:
		_, err = r.Prove(ctx, enrolled(user, a))
	case 2:
		_, err = r.Change(ctx, a, enrolled(user, b))
	case 3:
		_, err = r.Set(ctx, user, register.Number{Phone: a, How: register.HowOperator}, false)
	case 4:
		_, err = r.Remove(ctx, user)
	case 5:
		_, _, err = r.Find(ctx, user)
	}
	return err
}
