package register_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/register"
	"github.com/caddy-sms-2fa/gateway/store"
)

func TestLifeOfEntries(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, first, second store.Store) {
		ctx, r, other := t.Context(), open(t, first), open(t, second)
		expectNumbers(t, r, "alice")
		expectOwners(t, r, number1)

		o, err := r.Enroll(ctx, enrolled("alice", number1))
		check(t, "alice enrolls", o, err, register.Done)
		o, err = other.Enroll(ctx, enrolled("alice", number1))
		check(t, "alice enrolls again", o, err, register.Done)
		o, err = other.Enroll(ctx, enrolled("bob", number1))
		check(t, "bob enrolls with the number of alice", o, err, register.Taken)
		o, err = other.Enroll(ctx, enrolled("alice", number2))
		check(t, "alice enrolls with a second number", o, err, register.Other)
		expectNumbers(t, other, "alice", number1)
		expectNumbers(t, other, "bob")
		expectOwners(t, other, number1, "alice")
		expectOwners(t, other, number2)

		o, err = r.Change(ctx, number1, enrolled("alice", number2))
		check(t, "alice changes her number", o, err, register.Done)
		o, err = r.Change(ctx, number1, enrolled("alice", number2))
		check(t, "alice has changed her number", o, err, register.Done)
		o, err = r.Change(ctx, number1, enrolled("bob", number3))
		check(t, "bob changes a number that he does not have", o, err, register.Missing)
		o, err = r.Enroll(ctx, enrolled("bob", number1))
		check(t, "bob enrolls with the number that is free again", o, err, register.Done)
		o, err = r.Change(ctx, number1, enrolled("bob", number2))
		check(t, "bob changes to the number of alice", o, err, register.Taken)
		expectNumbers(t, other, "alice", number2)
		expectNumbers(t, other, "bob", number1)

		o, err = r.Set(ctx, "alice", register.Number{Phone: number3, How: register.HowOperator}, false)
		check(t, "the operator sets", o, err, register.Done)
		o, err = r.Set(ctx, "alice", register.Number{Phone: number3, How: register.HowOperator}, false)
		check(t, "the operator sets again", o, err, register.Unchanged)
		o, err = r.Put(ctx, "alice", register.Number{Phone: number2, How: register.HowOperator}, false)
		check(t, "the operator adds", o, err, register.Done)
		o, err = r.Put(ctx, "alice", register.Number{Phone: number2, How: register.HowOperator}, false)
		check(t, "the operator adds again", o, err, register.Unchanged)
		o, err = r.Put(ctx, "alice", register.Number{Phone: number1, How: register.HowOperator}, false)
		check(t, "the operator adds the number of bob", o, err, register.Taken)
		expectNumbers(t, other, "alice", number3, number2)
		if entries := all(t, other); len(entries) != 2 || len(entries["alice"]) != 2 || len(entries["bob"]) != 1 {
			t.Errorf("all entries are %v", entries)
		}

		for _, user := range []string{"alice", "bob"} {
			o, err = other.Remove(ctx, user)
			check(t, "removing "+user, o, err, register.Done)
			o, err = other.Remove(ctx, user)
			check(t, "removing again "+user, o, err, register.Missing)
		}
		if left := dump(t, first, ""); len(left) != 1 || left[0].Key != "register" {
			t.Errorf("the store holds %d records, expected the root alone", len(left))
		}
	})
}

func TestTimes(t *testing.T) {
	t.Parallel()
	c := newClock()
	r, begin := open(t, openBolt(t, c.now)), c.now()
	find := func() register.Number {
		e, _, err := r.Find(t.Context(), "alice")
		if err != nil || len(e.Numbers) != 1 {
			t.Fatalf("Find = %v, %v", e, err)
		}
		return e.Numbers[0]
	}
	o, err := r.Set(t.Context(), "alice", register.Number{Phone: number1, How: register.HowOperator}, false)
	check(t, "set", o, err, register.Done)
	if n := find(); !n.First.IsZero() || !n.Last.IsZero() || n.How != register.HowOperator {
		t.Errorf("a number that nobody proved is %+v", n)
	}
	for _, after := range []time.Duration{0, 30 * time.Second, time.Hour} {
		c.advance(after)
		o, err := r.Prove(t.Context(), enrolled("alice", number1))
		check(t, "proved", o, err, register.Done)
	}
	if n := find(); !n.First.Equal(begin) || !n.Last.Equal(c.now()) || n.How != register.HowOperator {
		t.Errorf("the number is %+v, expected it first proved at %v and last at %v", n, begin, c.now())
	}
	early, late := begin.Add(-time.Hour), c.now().Add(time.Hour)
	o, err = r.Put(t.Context(), "alice", register.Number{Phone: number1, First: early, Last: begin}, false)
	check(t, "an earlier proof is entered", o, err, register.Done)
	o, err = r.Put(t.Context(), "alice", register.Number{Phone: number1, First: begin, Last: late}, false)
	check(t, "a later proof is entered", o, err, register.Done)
	if n := find(); !n.First.Equal(early) || !n.Last.Equal(late) {
		t.Errorf("the number is %+v, expected it first proved at %v and last at %v", n, early, late)
	}
}

func TestNumbersThatLeaveTheirDirectory(t *testing.T) {
	t.Parallel()
	ctx, r := t.Context(), open(t, openBolt(t, time.Now))
	proved := func(user string, n phone.Number, onFile ...phone.Number) {
		t.Helper()
		o, err := r.Prove(ctx, register.Proof{User: user, Number: n, How: register.HowDirectory, OnFile: onFile})
		check(t, user, o, err, register.Done)
	}
	o, err := r.Put(ctx, "alice", register.Number{Phone: number3, How: register.HowOperator}, false)
	check(t, "entered", o, err, register.Done)
	proved("alice", number1, number1, number2)
	proved("alice", number2, number1, number2)
	expectNumbers(t, r, "alice", number3, number1, number2)
	proved("alice", number2, number2)
	expectNumbers(t, r, "alice", number3, number2)
	proved("bob", number1, number1)
	expectOwners(t, r, number1, "bob")
}

func TestSharedNumbers(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), openBolt(t, time.Now)
	r := open(t, s)
	for _, user := range []string{"alice", "bob", "carol"} {
		p := enrolled(user, number1)
		p.Shared = true
		o, err := r.Enroll(ctx, p)
		check(t, user, o, err, register.Done)
	}
	expectOwners(t, r, number1, "alice", "bob", "carol")
	o, err := r.Enroll(ctx, enrolled("dave", number1))
	check(t, "numbers are not shared any more", o, err, register.Taken)
	o, err = r.Prove(ctx, enrolled("bob", number1))
	check(t, "bob proves it again", o, err, register.Done)
	o, err = r.Remove(ctx, "bob")
	check(t, "bob is removed", o, err, register.Done)
	expectOwners(t, r, number1, "alice", "carol")
	for _, user := range []string{"alice", "carol"} {
		o, err = r.Remove(ctx, user)
		check(t, user+" is removed", o, err, register.Done)
	}
	o, err = r.Enroll(ctx, enrolled("dave", number1))
	check(t, "the number is free", o, err, register.Done)
}

func TestParallelEnrolments(t *testing.T) {
	t.Parallel()
	const users = 200
	eachStore(t, func(t *testing.T, first, second store.Store) {
		gateways := []*register.Register{open(t, first), open(t, second)}
		outcomes := make([]register.Outcome, users)
		var wg sync.WaitGroup
		for i := range users {
			wg.Go(func() {
				var err error
				outcomes[i], err = gateways[i%2].Enroll(t.Context(), enrolled(fmt.Sprint("user", i), number1))
				if err != nil {
					t.Errorf("user%d: %v", i, err)
				}
			})
		}
		wg.Wait()
		var owners []string
		for i, o := range outcomes {
			user := fmt.Sprint("user", i)
			switch numbers := numbersOf(t, gateways[i%2], user); {
			case o == register.Done && len(numbers) == 1:
				owners = append(owners, user)
			case o == register.Taken && len(numbers) == 0:
			default:
				t.Errorf("%s: outcome %q, numbers %v", user, o, numbers)
			}
		}
		if len(owners) != 1 {
			t.Fatalf("the owners are %v, expected one", owners)
		}
		expectOwners(t, gateways[0], number1, owners[0])
		if left := dump(t, first, "u:"); len(left) != 1 {
			t.Errorf("%d users are left in the store, expected 1", len(left))
		}
	})
}

func TestTwoDevicesEnrolOneNumber(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, first, second store.Store) {
		gateways := []*register.Register{open(t, first), open(t, second)}
		for round := range 20 {
			user := fmt.Sprint("user", round)
			var done atomic.Int32
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					n := phone.Number(fmt.Sprintf("+1500555%02d%02d", round, i))
					o, err := gateways[i%2].Enroll(t.Context(), enrolled(user, n))
					if o == register.Done {
						done.Add(1)
					}
					if err != nil || o != register.Done && o != register.Other {
						t.Errorf("%s: %q, %v", user, o, err)
					}
				})
			}
			wg.Wait()
			if n := len(numbersOf(t, gateways[0], user)); n != 1 || done.Load() != 1 {
				t.Errorf("%s has %d numbers after %d enrolments, expected one", user, n, done.Load())
			}
		}
	})
}

func TestInTheStoreNobodyIsNamed(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s, _ store.Store) {
		r := open(t, s)
		o, err := r.Enroll(t.Context(), enrolled("alice@example.com", number1))
		check(t, "enrol", o, err, register.Done)
		records := dump(t, s, "")
		if len(records) != 3 {
			t.Errorf("the store holds %d records, expected the root, a user and a number", len(records))
		}
		for _, rec := range records {
			for _, plain := range []string{"alice", "example", "5005550006", "0006", "enroll"} {
				if bytes.Contains(rec.Data, []byte(plain)) || strings.Contains(rec.Key, plain) {
					t.Errorf("%q stands in the store, under %s", plain, rec.Key)
				}
			}
		}
	})
}

func TestRecordsStayInTheirPlace(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), openBolt(t, time.Now)
	r := open(t, s)
	for user, n := range map[string]phone.Number{"alice": number1, "bob": number2} {
		o, err := r.Enroll(ctx, enrolled(user, n))
		check(t, user, o, err, register.Done)
	}
	users := dump(t, s, "u:")
	for i, u := range users {
		if ok, err := s.Swap(ctx, u.Key, u.Data, users[1-i].Data, time.Time{}); err != nil || !ok {
			t.Fatal(ok, err)
		}
	}
	if _, found, err := r.Find(ctx, "alice"); found || !errors.Is(err, register.ErrRecord) {
		t.Errorf("Find with the record of somebody else: %v, %v, expected %v", found, err, register.ErrRecord)
	}
	if o, err := r.Prove(ctx, enrolled("alice", number3)); !errors.Is(err, register.ErrRecord) {
		t.Errorf("Prove: %q, %v, expected %v", o, err, register.ErrRecord)
	}
	for _, err := range r.All(ctx) {
		if !errors.Is(err, register.ErrRecord) {
			t.Errorf("All: %v, expected %v", err, register.ErrRecord)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), openBolt(t, time.Now)
	opened := func(ids ...string) (*register.Register, error) {
		var ring []register.SealKey
		for _, id := range ids {
			ring = append(ring, key(id))
		}
		return register.Open(ctx, s, ring, rand.Reader)
	}
	renewed := func(ids ...string) error {
		var ring []register.SealKey
		for _, id := range ids {
			ring = append(ring, key(id))
		}
		return register.Renew(ctx, s, ring, rand.Reader)
	}
	if err := renewed("old"); err != nil || len(dump(t, s, "")) != 0 {
		t.Errorf("renewing what is not there: %v, and %d records", err, len(dump(t, s, "")))
	}
	before, err := opened("old")
	if err != nil {
		t.Fatal(err)
	}
	o, err := before.Enroll(ctx, enrolled("alice", number1))
	check(t, "enrol", o, err, register.Done)
	if _, err := opened("new"); !errors.Is(err, register.ErrForeignSecret) {
		t.Errorf("with another secret: %v, expected %v", err, register.ErrForeignSecret)
	}
	if err := renewed("new", "old"); err != nil {
		t.Errorf("renewing: %v", err)
	}
	after, err := opened("new")
	if err != nil {
		t.Fatalf("with the new secret alone: %v", err)
	}
	expectNumbers(t, after, "alice", number1)
	o, err = before.Enroll(ctx, enrolled("bob", number2))
	check(t, "a gateway that still runs with the old secret", o, err, register.Done)
	expectNumbers(t, after, "bob", number2)
	if _, err := opened("old"); !errors.Is(err, register.ErrForeignSecret) {
		t.Errorf("with the old secret alone: %v, expected %v", err, register.ErrForeignSecret)
	}
	if _, err := opened("newer", "new"); err != nil {
		t.Errorf("opening with a newer secret: %v", err)
	}
	if _, err := opened("newer"); err != nil {
		t.Errorf("Open did not seal the root anew: %v", err)
	}
}

func TestGatewaysFoundOneRegister(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, first, second store.Store) {
		gateways := make([]*register.Register, 20)
		var wg sync.WaitGroup
		for i := range gateways {
			wg.Go(func() { gateways[i] = open(t, []store.Store{first, second}[i%2]) })
		}
		wg.Wait()
		o, err := gateways[0].Enroll(t.Context(), enrolled("alice", number1))
		check(t, "enrol", o, err, register.Done)
		for _, g := range gateways {
			expectNumbers(t, g, "alice", number1)
		}
	})
}

// counted counts what is asked of a store.
type counted struct {
	store.Store
	gets, swaps atomic.Int32
}

func (c *counted) Get(ctx context.Context, key string) (store.Record, error) {
	c.gets.Add(1)
	return c.Store.Get(ctx, key)
}

func (c *counted) Swap(ctx context.Context, key string, old, next []byte, expires time.Time) (bool, error) {
	c.swaps.Add(1)
	return c.Store.Swap(ctx, key, old, next, expires)
}

func TestCost(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := &counted{Store: openBolt(t, c.now)}
	ctx, r := t.Context(), open(t, s)
	for _, step := range []struct {
		name        string
		do          func() error
		gets, swaps int32
	}{
		{"finding nobody", func() error { _, _, err := r.Find(ctx, "alice"); return err }, 1, 0},
		{"a first proof", func() error { _, err := r.Prove(ctx, enrolled("alice", number1)); return err }, 2, 3},
		{"finding", func() error { _, _, err := r.Find(ctx, "alice"); return err }, 1, 0},
		{"the same proof", func() error { _, err := r.Prove(ctx, enrolled("alice", number1)); return err }, 1, 0},
		{"a proof an hour later", func() error {
			c.advance(time.Hour)
			_, err := r.Prove(ctx, enrolled("alice", number1))
			return err
		}, 1, 1},
		{"finding the owner", func() error { _, err := r.Owners(ctx, number1); return err }, 2, 0},
		{"removing", func() error { _, err := r.Remove(ctx, "alice"); return err }, 4, 3},
	} {
		s.gets.Store(0)
		s.swaps.Store(0)
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if s.gets.Load() != step.gets || s.swaps.Load() != step.swaps {
			t.Errorf("%s: %d reads and %d writes, expected %d and %d",
				step.name, s.gets.Load(), s.swaps.Load(), step.gets, step.swaps)
		}
	}
}

func TestWhatIsNoEntryIsRefused(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), openBolt(t, time.Now)
	r := open(t, s)
	for name, p := range map[string]register.Proof{
		"no user": enrolled("", number1), "no number": enrolled("alice", ""), "no plus": enrolled("alice", "15005550006"),
	} {
		if o, err := r.Prove(ctx, p); !errors.Is(err, register.ErrEntry) {
			t.Errorf("%s: %q, %v, expected %v", name, o, err, register.ErrEntry)
		}
	}
	if left := dump(t, s, "u:"); len(left) != 0 {
		t.Errorf("%d records were written", len(left))
	}
}
