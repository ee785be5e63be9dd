package directory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-sms-2fa/gateway/directory"
)

// asked is a directory that a test answers for.
type asked func(ctx context.Context, p directory.Person) (directory.Numbers, error)

func (a asked) Lookup(ctx context.Context, p directory.Person) (directory.Numbers, error) {
	return a(ctx, p)
}

// hangs answers when its question ends.
func hangs(ctx context.Context, _ directory.Person) (directory.Numbers, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

var errDown = &directory.Error{Class: directory.Down, Err: errors.New("the connection was refused")}

func has(n ...string) asked {
	return func(context.Context, directory.Person) (directory.Numbers, error) { return n, nil }
}

func fails(err error) asked {
	return func(context.Context, directory.Person) (directory.Numbers, error) { return nil, err }
}

func link(name string, d directory.Directory) *directory.Link {
	return directory.NewLink(d, directory.Terms{Name: name})
}

func TestChain(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := []struct {
		name  string
		links []*directory.Link
		want  directory.Numbers
		fault string // the directory that cannot tell
	}{
		{"none", nil, nil, ""},
		{"first", []*directory.Link{link("a", has("1", "2")), link("b", has("3"))}, directory.Numbers{"1", "2"}, ""},
		{"no number asks the next", []*directory.Link{link("a", has()), link("b", has("3"))}, directory.Numbers{"3"}, ""},
		{"nobody has one", []*directory.Link{link("a", has()), link("b", has())}, nil, ""},
		{"cannot tell ends it", []*directory.Link{link("a", fails(errDown)), link("b", has("3"))}, nil, "a"},
		{"cannot tell behind", []*directory.Link{link("a", has()), link("b", fails(broken))}, nil, "b"},
		{"not asked", []*directory.Link{link("a", has("1")), link("b", fails(broken))}, directory.Numbers{"1"}, ""},
		{"too many", []*directory.Link{link("a", has(slices.Repeat([]string{"1"}, 17)...)), link("b", has("3"))}, nil, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			numbers, err := directory.NewChain(tt.links...).Lookup(t.Context(), person("alice"))
			if !slices.Equal(numbers, tt.want) || (err != nil) != (tt.fault != "") || directory.NameOf(err) != tt.fault {
				t.Errorf("numbers %q, error %v by %q", numbers, err, directory.NameOf(err))
			}
		})
	}
}

func TestPanicIsAFault(t *testing.T) {
	t.Parallel()
	for _, d := range []directory.Directory{
		asked(func(context.Context, directory.Person) (directory.Numbers, error) { panic("+15005550006") }), immediate{},
	} {
		_, err := link("a", d).Lookup(t.Context(), person("alice"))
		if directory.ClassOf(err) != directory.Panicked {
			t.Errorf("error %v", err)
		}
	}
}

type immediate struct{ directory.Immediate }

// A directory that does not return holds nobody up for longer than the time of a lookup.
func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		for name, d := range map[string]asked{
			"heeds the time": hangs,
			"heeds nothing": func(context.Context, directory.Person) (directory.Numbers, error) {
				<-stuck
				return nil, nil
			},
		} {
			began := time.Now()
			_, err := link("a", d).Lookup(t.Context(), person("alice"))
			if took := time.Since(began); took != 2*time.Second || directory.ClassOf(err) != directory.Slow {
				t.Errorf("%s: after %s: %v", name, took, err)
			}
		}
		close(stuck)
	})
}

// One user's question is asked once at a time; who leaves does not take the answer from the others.
func TestOneQuestionForOneUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var questions atomic.Int32
		l := link("a", asked(func(ctx context.Context, _ directory.Person) (directory.Numbers, error) {
			questions.Add(1)
			select {
			case <-time.After(time.Second):
				return directory.Numbers{"1"}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}))
		leaving, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { _, err := l.Lookup(leaving, person("alice")); left <- err }()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if n, err := l.Lookup(t.Context(), person("alice")); err != nil || !slices.Equal(n, directory.Numbers{"1"}) {
					t.Errorf("%q, %v", n, err)
				}
			})
		}
		synctest.Wait()
		leave()
		if err := <-left; err == nil {
			t.Error("whoever left got an answer")
		}
		wg.Wait()
		if n := questions.Load(); n != 1 {
			t.Errorf("%d questions", n)
		}
		_, _ = l.Lookup(t.Context(), directory.Person{Name: "alice", Given: "Alice"})
		if n := questions.Load(); n != 2 {
			t.Errorf("%d questions after another spelling, in which the directory may know somebody else", n)
		}
	})
}

// The questions at once are bounded, and those beyond wait for their turn, or are told that it did not come.
func TestQuestionsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var now, most int
		enter := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			now += n
			most = max(most, now)
		}
		l := link("a", asked(func(context.Context, directory.Person) (directory.Numbers, error) {
			enter(1)
			defer enter(-1)
			time.Sleep(500 * time.Millisecond)
			return directory.Numbers{"1"}, nil
		}))
		classes := make(chan directory.Class, 200)
		for i := range 200 {
			go func() {
				_, err := l.Lookup(t.Context(), person(fmt.Sprint(i)))
				class := directory.Class("")
				if err != nil {
					class = directory.ClassOf(err)
				}
				classes <- class
			}()
		}
		count := make(map[directory.Class]int)
		for range 200 {
			count[<-classes]++
		}
		time.Sleep(time.Second)
		enter(0)
		if most != 32 || count[""] < 96 || count[directory.Busy]+count[""]+count[directory.Slow] != 200 {
			t.Errorf("%d at once, %v", most, count)
		}
		if _, err := l.Lookup(t.Context(), person("alice")); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var questions atomic.Int32
		var down atomic.Bool
		var noted []bool
		l := directory.NewLink(asked(func(context.Context, directory.Person) (directory.Numbers, error) {
			questions.Add(1)
			if down.Load() {
				return nil, errDown
			}
			return directory.Numbers{"1"}, nil
		}), directory.Terms{Name: "a", OnBreaker: func(_ string, resting bool) { noted = append(noted, resting) }})
		ask := func(who string) directory.Class {
			_, err := l.Lookup(t.Context(), person(who))
			if err == nil {
				return ""
			}
			return directory.ClassOf(err)
		}
		down.Store(true)
		for range 20 {
			if c := ask("alice"); c != directory.Down {
				t.Fatalf("one person's failures kept everybody out: %s", c)
			}
		}
		for i := range 4 {
			ask(fmt.Sprint(i))
		}
		questions.Store(0)
		if c := ask("bob"); c != directory.Resting || questions.Load() != 0 {
			t.Errorf("after five people: %s, %d questions", c, questions.Load())
		}
		time.Sleep(directory.BreakerPause + time.Millisecond)
		if c := ask("bob"); c != directory.Down || questions.Load() != 1 {
			t.Errorf("probe: %s, %d questions", c, questions.Load())
		}
		if c := ask("carol"); c != directory.Resting {
			t.Errorf("after a probe that failed: %s", c)
		}
		down.Store(false)
		time.Sleep(directory.BreakerPause + time.Millisecond)
		if c := ask("dave"); c != "" || ask("alice") != "" {
			t.Errorf("back again: %s", c)
		}
		if !slices.Equal(noted, []bool{true, false}) {
			t.Errorf("noted %v", noted)
		}
	})
}

// An answer that speaks against one person does not speak against the server.
func TestBreakerCountsFaultsOfTheServer(t *testing.T) {
	t.Parallel()
	for _, class := range directory.Classes {
		l := link("a", fails(&directory.Error{Class: class, Err: errors.New("x")}))
		for i := range 10 {
			_, _ = l.Lookup(t.Context(), person(fmt.Sprint(i)))
		}
		_, err := l.Lookup(t.Context(), person("alice"))
		rests := directory.ClassOf(err) == directory.Resting && class != directory.Resting
		want := class == directory.Slow || class == directory.Down || class == directory.Refused ||
			class == directory.Panicked || class == directory.Other
		if rests != want {
			t.Errorf("%s: rests %v", class, rests)
		}
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var questions int
		var number string
		var results []string
		l := directory.NewLink(asked(func(_ context.Context, p directory.Person) (directory.Numbers, error) {
			questions++
			time.Sleep(time.Millisecond)
			if number == "" {
				return nil, nil
			}
			return directory.Numbers{number + p.Name}, nil
		}), directory.Terms{
			Name: "a", Cache: time.Minute, OnResult: func(_, result string) { results = append(results, result) },
		})
		expect := func(what, who, want string, asked int) {
			t.Helper()
			questions = 0
			n, err := l.Lookup(t.Context(), person(who))
			if err != nil || len(n) > 0 != (want != "") || len(n) > 0 && n[0] != want || questions != asked {
				t.Errorf("%s: %q, %v, %d questions", what, n, err, questions)
			}
		}
		expect("no number", "alice", "", 1)
		number = "1"
		expect("no number is not remembered", "alice", "1alice", 1)
		number = "2"
		expect("remembered", "alice", "1alice", 0)
		expect("for each person", "bob", "2bob", 1)
		l.Drop()
		expect("dropped", "alice", "2alice", 1)
		number = "3"
		time.Sleep(time.Minute)
		expect("over", "alice", "3alice", 1)

		l.Drop()
		go func() { _, _ = l.Lookup(t.Context(), person("alice")) }()
		synctest.Wait()
		l.Drop() // while the question is under way
		time.Sleep(time.Second)
		synctest.Wait()
		number = "4"
		expect("dropped meanwhile", "alice", "4alice", 1)
		if !slices.Equal(results[:4], []string{"none", "found", "cached", "found"}) {
			t.Errorf("results %q", results[:4])
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	var cached atomic.Int32
	l := directory.NewLink(has("1"), directory.Terms{Cache: time.Hour, OnResult: func(_, result string) {
		if result == "cached" {
			cached.Add(1)
		}
	}})
	for range 2 {
		for i := range 11000 {
			_, _ = l.Lookup(t.Context(), person(fmt.Sprint(i)))
		}
	}
	if n := cached.Load(); n < 5000 || n > 10000 {
		t.Errorf("%d of 11000 people were remembered", n)
	}
}

// A directory that asks nobody answers each request by itself: its numbers may stand in the request.
func TestImmediateIsNotShared(t *testing.T) {
	t.Parallel()
	type key struct{}
	l := directory.NewLink(inRequest{func(ctx context.Context) string { return ctx.Value(key{}).(string) }},
		directory.Terms{Cache: time.Hour})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			want := fmt.Sprint(i)
			n, err := l.Lookup(context.WithValue(t.Context(), key{}, want), person("alice"))
			if err != nil || n[0] != want {
				t.Errorf("%q, %v; want %s", n, err, want)
			}
		})
	}
	wg.Wait()
}

type inRequest struct{ number func(context.Context) string }

func (i inRequest) Lookup(ctx context.Context, _ directory.Person) (directory.Numbers, error) {
	return directory.Numbers{i.number(ctx)}, nil
}

func (inRequest) Immediate() {}
